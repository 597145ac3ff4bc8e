use ftp_proto::listing::{Format, Skip};

use super::expected::*;

#[test]
fn mvs() {
    check_lines(
        &options(NOON),
        &[
            // JES interface level 1 has no header
            (
                b"BATCHRUN  JOB07343  OUTPUT    2 Spool Files",
                file("JOB07343").no_size().no_time(),
            ),
            (
                b"Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname",
                skipped(Skip::Heading),
            ),
        ],
    );
}

#[test]
fn mvs_listings() {
    // 'Referred' is a last-reference date, not a modification date; sizes are tracks, not bytes
    check(&options(NOON), b"Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname\r\nDSK301 3390   2021/08/30  1  450  FB     133 13300  PS  PAYROLL.INPUT", &[skipped(Skip::Heading), file("PAYROLL.INPUT").no_size().no_time()]);
    check(&options(NOON), b"Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname\r\nDSK302 3390   2022/11/09  2   45  FB      80 27920  PO  ASM.SOURCE", &[skipped(Skip::Heading), directory("ASM.SOURCE").no_time()]);
    check(&options(NOON), b"Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname\r\nDSK302 3390   2022/12/01  1   12  U        0 32760  PO-E  LOADLIB2", &[skipped(Skip::Heading), directory("LOADLIB2").no_time()]);
    check(&options(NOON), b"Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname\r\nDSK117 3390   **NONE**    1    6  NONE     0     0  PO  EMPTY.PDS", &[skipped(Skip::Heading), directory("EMPTY.PDS").no_time()]);
    // VSAM cannot be retrieved
    check(&options(NOON), b"Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname\r\nDSK204 3390                                            VSAM MASTER.KSDS", &[skipped(Skip::Heading), other("MASTER.KSDS").no_time()]);
    // organisation unknown until recalled
    check(&options(NOON), b"Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname\r\nMigrated                                                HLQ.OLD.STUFF", &[skipped(Skip::Heading), other("HLQ.OLD.STUFF").no_time()]);
    check(&options(NOON), b"Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname\r\nARCIVE Not Direct Access Device                         HLQ.TAPE.STUFF", &[skipped(Skip::Heading), other("HLQ.TAPE.STUFF").no_time()]);
    check(&options(NOON), b"Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname\r\nT90417 Tape                                             HLQ.ON.TAPE", &[skipped(Skip::Heading), other("HLQ.ON.TAPE").no_time()]);
    // Ext and Used run together
    check(&options(NOON), b"Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname\r\nBGX11A 3390   2019/11/05  144250  FB   27900 27900  PS    BIG.EXTENTS", &[skipped(Skip::Heading), file("BIG.EXTENTS").no_size().no_time()]);
    // member size counts lines, not bytes
    check(&options(NOON), b" Name     VV.MM   Created       Changed      Size  Init   Mod   Id\r\nLEDGER7   02.14 2009/05/18 2011/01/27 16:08   230   198    41 ORT552", &[skipped(Skip::Heading), file("LEDGER7").no_size().at("2011-01-27T16:08").owner("ORT552")]);
    // member without ISPF statistics
    check(
        &options(NOON),
        b" Name     VV.MM   Created       Changed      Size  Init   Mod   Id\r\nBAREMEM",
        &[skipped(Skip::Heading), file("BAREMEM").no_size().no_time()],
    );
    // load module: hexadecimal size
    check(&options(NOON), b" Name      Size     TTR   Alias-of AC --------- Attributes --------- Amode Rmode\r\nLMOD01   01A2C0   00021B          00 RN                             31    ANY", &[skipped(Skip::Heading), file("LMOD01").size(107_200).no_time()]);
    // JES interface level 2: the job id is what RETR takes
    check(&options(NOON), b"JOBNAME  JOBID    OWNER    STATUS CLASS\r\nNIGHTLY1 JOB07342 OPSUSR   OUTPUT B        RC=0004 5 spool files", &[skipped(Skip::Heading), file("JOB07342").no_size().no_time()]);
    // z/OS UNIX directory on an MVS server
    check(
        &options(NOON),
        b"total 16\r\n-rwxr-xr-x   2 OMVSUSR  SYS1         8190 Apr 18 21:36 hfsfile",
        &[
            skipped(Skip::Total),
            file("hfsfile")
                .size(8190)
                .at("2024-04-18T21:36")
                .mode(0o755)
                .owner("OMVSUSR")
                .group("SYS1")
                .links(2),
        ],
    );
}

#[test]
fn os400() {
    check_lines(
        &options(NOON),
        &[
            // trailing slash is decoration
            (
                b"QSYS            61440 03/27/01 10:44:12 *DIR       reports/",
                directory("reports").at("2001-03-27T10:44:12").owner("QSYS"),
            ),
            // day first
            (
                b"QSYS            61440 27/03/00 10:44:12 *STMF      daily.txt",
                file("daily.txt")
                    .size(61440)
                    .at("2000-03-27T10:44:12")
                    .owner("QSYS"),
            ),
            // year first
            (
                b"PEPPER          45056 98/10/31 08:17:25 *DIR       folder9/",
                directory("folder9").at("1998-10-31T08:17:25"),
            ),
            // 21/05/23: year first or day first, undecidable from one line
            (
                b"PEPPER     6200000000 21/05/23 19:02:50 *STMF      dump.bin",
                file("dump.bin")
                    .size(6_200_000_000)
                    .at("2021-05-23T19:02:50"),
            ),
            // dotted dates are day first
            (
                b"QPGMR           53248 25.10.07 07:58:03 *STMF      euro.date",
                file("euro.date").size(53248).at("2007-10-25T07:58:03"),
            ),
            // members carry neither size nor date
            (
                b"QPGMR                                   *MEM       ORDERS.FILE/JUNE.MBR",
                file("ORDERS.FILE/JUNE.MBR")
                    .no_size()
                    .no_time()
                    .owner("QPGMR"),
            ),
            // save file
            (
                b"QPGMR        20971520 30.01.15 22:31:47 *FILE      NIGHTLY.SAVF",
                file("NIGHTLY.SAVF")
                    .size(20_971_520)
                    .at("2015-01-30T22:31:47"),
            ),
            // physical file = container of members
            (
                b"QPGMR           98304 31/12/18 23:10:05 *FILE      CUSTOMER.FILE",
                directory("CUSTOMER.FILE").at("2018-12-31T23:10:05"),
            ),
            (
                b"QSYS            40960 12/25/21 07:00:00 *LIB       ACCOUNTS.LIB/",
                directory("ACCOUNTS.LIB").at("2021-12-25T07:00:00"),
            ),
            (
                b"QDFTOWN          8192 12/25/21 07:00:00 *FLR       OLDFLR/",
                directory("OLDFLR").at("2021-12-25T07:00:00"),
            ),
            (
                b"QDFTOWN          8192 12/25/21 07:00:00 *STMF      name with spaces.pdf",
                file("name with spaces.pdf")
                    .size(8192)
                    .at("2021-12-25T07:00:00"),
            ),
        ],
    );
}

#[test]
fn zvm() {
    check_lines(
        &options(NOON),
        &[
            // records x record length is only an upper bound
            (
                b"DAILY    REPORT   V         72        310          5 2008-02-19 07:13:26 0A0191",
                file("DAILY.REPORT").no_size().at("2008-02-19T07:13:26"),
            ),
            (
                b"SAMPLES           DIR        -          -          - 2001-06-13 18:40:09 -",
                directory("SAMPLES").at("2001-06-13T18:40:09"),
            ),
        ],
    );
}

const DATA_SETS: &str = "Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname\r\n";

#[test]
fn data_sets_without_an_organisation_that_is_known() {
    // What is known with and without the heading.
    for (line, expected) in [
        ("T90417 Tape  HLQ.ON.TAPE", other("HLQ.ON.TAPE")),
        ("DSK1 Not Direct Access Device  HLQ.DA", other("HLQ.DA")),
        ("Error determining attributes  HLQ.BAD", other("HLQ.BAD")),
        ("User catalog connector  HLQ.UCAT", other("HLQ.UCAT")),
        ("Pseudo Directory  HLQ.SUB", directory("HLQ.SUB")),
        ("DSK204 3390  VSAM  MASTER.KSDS", other("MASTER.KSDS")),
        (
            "DSK301 3390  2021/08/30  1  450  FB  133 13300  PS  'HLQ.X'",
            file("'HLQ.X'"),
        ),
    ] {
        let forced = options(NOON).format(Format::Mvs);
        let headed = [DATA_SETS, line].concat();
        check(
            &options(NOON),
            headed.as_bytes(),
            &[skipped(Skip::Heading), expected.clone()],
        );
        check(&forced, line.as_bytes(), &[expected]);
    }
    // What only the heading makes a data set.
    let line = "DSK305 3390  2021/08/30  1  450  FB  133 13300  HFS  OMVS.ROOT";
    let headed = [DATA_SETS, line].concat();
    check(
        &options(NOON),
        headed.as_bytes(),
        &[skipped(Skip::Heading), other("OMVS.ROOT")],
    );
    let forced = options(NOON).format(Format::Mvs);
    check(&forced, line.as_bytes(), &[unparsed()]);
}

#[test]
fn lines_below_a_heading_of_mvs_that_are_no_entries() {
    let members = " Name     VV.MM   Created       Changed      Size  Init   Mod   Id\r\n";
    let modules = " Name      Size     TTR   Alias-of AC --------- Attributes ---------\r\n";
    let jobs = "JOBNAME  JOBID    OWNER    STATUS CLASS\r\n";
    for (heading, line) in [
        (DATA_SETS, "Pseudo volume  HLQ.X"),
        (DATA_SETS, "sorry, nothing  HLQ.X"),
        (
            DATA_SETS,
            "DSK301 3390  2021/08/30  1  450  FB  133 13300  PS  A,B",
        ),
        (
            DATA_SETS,
            "DSK301 3390  2021/08/30  1  450  FB  133 13300  PS  ''",
        ),
        (members, "LEDGER7 is locked"),
        (members, "refused"),
        (modules, "LMOD01   large    00021B"),
        (modules, "LMOD01   01A2C0   nowhere"),
        (modules, "lmod01   01A2C0   00021B"),
        (modules, "refused"),
        (jobs, "NIGHTLY1 JOBS7342 OPSUSR   OUTPUT B"),
        (jobs, "NIGHTLY1 JOB07342 OPSUSR   unknown B"),
        (jobs, "NIGHTLY1 JOB742   OPSUSR   OUTPUT B"),
        (jobs, "NIGHTLY1 RUN07342 OPSUSR   OUTPUT B"),
    ] {
        let listing = [heading, line].concat();
        let expected = [skipped(Skip::Heading), unparsed()];
        check(&options(NOON), listing.as_bytes(), &expected);
    }
}

#[test]
fn a_sentence_with_a_word_of_a_heading_of_mvs_is_none() {
    for line in [
        "Volume is not mounted",
        "There is no such Dsname",
        "Name is not valid",
        "Name VV 02.14",
        "Name Size and date",
        "Name or TTR",
        "Bad size TTR",
        "The name TTR is not known",
        "JOBNAME is missing",
        "Unknown JOBID",
    ] {
        check(&options(NOON), line.as_bytes(), &[unparsed()]);
    }
}

#[test]
fn names_of_members() {
    let forced = options(NOON).format(Format::Mvs);
    for name in ["A", "ABCDEFGH", "@#$", "A1", "A{0"] {
        check(&forced, name.as_bytes(), &[file(name)]);
    }
    for name in ["ABCDEFGHI", "1A", "{A", "a", "Ab", "A-B", "A.B"] {
        check(&forced, name.as_bytes(), &[unparsed()]);
    }
}

#[test]
fn objects_of_os400() {
    check_lines(
        &options(NOON),
        &[
            (
                b"QSYS 61440 03/27/01 10:44:12 *SYMLNK    latest",
                symlink("latest").no_target(),
            ),
            (
                b"QSYS 61440 03/27/01 10:44:12 *OUTQ      queue",
                other("queue"),
            ),
            (b"QSYS 61440 03/27/01 10:44:12 *          x", unparsed()),
            (b"QSYS 61440 03/27/01 10:44:12 *A-B       x", unparsed()),
            (b"Warning *ALL and/or", unparsed()),
        ],
    );
}

#[test]
fn a_directory_of_zvm_has_no_owner() {
    check_lines(
        &options(NOON),
        &[
            (
                b"SAMPLES           DIR        -          -          - 2001-06-13 18:40:09 -",
                directory("SAMPLES").no_owner(),
            ),
            (
                b"DAILY    REPORT   V         72        310          5 2008-02-19 07:13:26",
                file("DAILY.REPORT").no_owner(),
            ),
            (
                b"DAILY    REPORT   V         72        310          5 2008-02-19 07:13:26 0A0191",
                file("DAILY.REPORT").owner("0A0191"),
            ),
        ],
    );
}
