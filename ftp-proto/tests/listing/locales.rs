use super::expected::*;

#[test]
fn unix_locale() {
    check_lines(&options(NOON), &[
        ("-rw-r--r--   1 weber    users      7316 12. Mär  2019 de-maerz.txt".as_bytes(), file("de-maerz.txt").size(7316).at("2019-03-12")),
        (b"-rw-r--r--   1 weber    users      7316 12. Mai 20:10 de-mai.txt", file("de-mai.txt").size(7316).at("2024-05-12T20:10")),
        (b"drwxr-xr-x   2 weber    users      4096 Okt  3  2018 de-okt", directory("de-okt").at("2018-10-03")),
        (b"-rw-r--r--   1 weber    users      7316 28. Juli, 06:45 de-juli.txt", file("de-juli.txt").size(7316).at("2023-07-28T06:45")),
        ("-rw-r--r--   1 dupont   users      7316 20 févr.  2021 fr-fevr.txt".as_bytes(), file("fr-fevr.txt").size(7316).at("2021-02-20")),
        ("-rw-r--r--   1 dupont   users      7316 août  7 14:05 fr-aout.txt".as_bytes(), file("fr-aout.txt").size(7316).at("2023-08-07T14:05")),
        ("-rw-r--r--   1 dupont   users      7316 déc. 24  2017 fr-dec.txt".as_bytes(), file("fr-dec.txt").size(7316).at("2017-12-24")),
        (b"-rw-r--r--   1 rossi    users      7316 14 mag  2016 it-mag.txt", file("it-mag.txt").size(7316).at("2016-05-14")),
        (b"-rw-r--r--   1 garcia   users      7316 ene 30 09:00 es-ene.txt", file("es-ene.txt").size(7316).at("2024-01-30T09:00")),
        (b"-rw-r--r--   1 devries  users      7316 mrt  2  2020 nl-mrt.txt", file("nl-mrt.txt").size(7316).at("2020-03-02")),
        ("-rwxrwxr-x   1 web      web        3805 17 май  2013 ru-may.txt".as_bytes(), file("ru-may.txt").size(3805).at("2013-05-17")),
        ("drwxrwxr-x   1 web      web        4096  6 окт 17:30 ru-okt".as_bytes(), directory("ru-okt").at("2023-10-06T17:30")),
        (b"-rw-r--r--   1 kowalski users      7316 lis 11  2021 pl-lis.txt", file("pl-lis.txt").size(7316).at("2021-11-11")),
        (b"-rw-r--r--   1 nagy     users      7316 szept 14 05:55 hu-szept.txt", file("hu-szept.txt").size(7316).at("2023-09-14T05:55")),
        (b"-rw-r--r--   1 silva    users      7316 fev 10  2022 pt-fev.txt", file("pt-fev.txt").size(7316).at("2022-02-10")),
        ("-rw-r--r--   1 zhang    users      7316  3月  5 12:30 zh-recent.txt".as_bytes(), file("zh-recent.txt").size(7316).at("2024-03-05T12:30")),
        ("-rw-r--r--   1 zhang    users      7316 11月 15  2019 zh-old.txt".as_bytes(), file("zh-old.txt").size(7316).at("2019-11-15")),
        ("-rw-r--r--   1 sato     users      7316  9月 24日 2006年 ja-full.txt".as_bytes(), file("ja-full.txt").size(7316).at("2006-09-24")),
        ("-rw-r--r--   1 sato     users      7316 10月 12日 07:35 ja-recent.txt".as_bytes(), file("ja-recent.txt").size(7316).at("2023-10-12T07:35")),
        ("drwxr-xr-x   7 kim      lab        1024 2007년 11월 23일 ko-full".as_bytes(), directory("ko-full").at("2007-11-23")),
        (b"-r-xr-xr-x   2 root     root        118 2008.03.22   dotted.txt", file("dotted.txt").size(118).at("2008-03-22")),
        (b"-r-xr-xr-x   2 root     root        118 19-08-2005 06:41 dmy.txt", file("dmy.txt").size(118).at("2005-08-19T06:41")),
        (b"-rw-r--r--   1 root     root         118 23-oct-97 shortmonth.txt", file("shortmonth.txt").size(118).at("1997-10-23")),
        ("-rw-r--r--   1 zhang    users      7316 2021年3月12日 zh-glued.txt".as_bytes(), file("zh-glued.txt").size(7316).at("2021-03-12")),
        ("-rw-r--r--   1 sato     users      7316 3月12日 12:30 ja-glued.txt".as_bytes(), file("ja-glued.txt").size(7316).at("2024-03-12T12:30")),
        ("-rw-r--r--   1 nguyen   users      7316 Thg 3 12  2021 vi-thg.txt".as_bytes(), file("vi-thg.txt").size(7316).at("2021-03-12")),
        ("-rw-r--r--   1 nguyen   users      7316 12 tháng 3 10:20 vi-thang.txt".as_bytes(), file("vi-thang.txt").size(7316).at("2024-03-12T10:20")),
        // Solaris ja_JP.PCK
        (b"-rw-r--r--   1 root       sys           5120  7\x8C\x8E 30\x93\xFA 2004\x94N sjis-date.bin", file("sjis-date.bin").size(5120).at("2004-07-30")),
        (b"-rw-r--r--   1 weber    users      7316 12. M\xE4r  2019 latin1-month.txt", file("latin1-month.txt").size(7316).at("2019-03-12")),
    ]);
}
