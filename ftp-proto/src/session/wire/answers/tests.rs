//! The table once more, from the other side: for each code, the verbs that it can answer.

use alloc::vec::Vec;

use super::can_answer;
use crate::command::Verb;
use crate::reply::ReplyCode;

use Verb::{
    Abor, Acct, Allo, Appe, Auth, Ccc, Cdup, Clnt, Cwd, Dele, Eprt, Epsv, Feat, Greeting, Hash,
    Help, Host, Lang, List, Md5, Mdtm, Mfmt, Mkd, Mlsd, Mlst, Mode, Nlst, Noop, Opts, Pass, Pasv,
    Pbsz, Port, Pret, Prot, Pwd, Quit, Rang, Rein, Rest, Retr, Rmd, Rnfr, Rnto, Site, Size, Smnt,
    Stat, Stor, Stou, Stru, Syst, Type, User, Xcrc, Xmd5, Xsha1, Xsha256,
};

/// What a 2xx or 3xx can answer, besides SITE and the verbs that have no name here.
fn answered_by(code: u16) -> Vec<Verb> {
    let transfers = [Appe, List, Mlsd, Nlst, Retr, Stor, Stou];
    let moved = [Cwd, Cdup, Smnt];
    let done = [Dele, Rmd, Rnto, Mlst, Noop, Mkd, Mfmt, Stat];
    let parameters = [
        Type, Mode, Stru, Port, Eprt, Pasv, Epsv, Pret, Allo, Clnt, Lang, Opts, Rang, Rest, Host,
        Rein, Quit, Ccc, Pbsz, Prot, Feat, Help, Syst, Abor,
    ];
    let checksums = [Md5, Xcrc, Xmd5, Xsha1, Xsha256];
    match code {
        200 | 202 => {
            let all = [&parameters[..], &moved, &done, &transfers, &[Pass, Acct]].concat();
            let time = (code == 200).then_some(Mdtm);
            all.into_iter().chain(time).collect()
        }
        201 | 203..=210 => done.to_vec(),
        211 => [&done[..], &[Feat, Help, Syst, Opts]].concat(),
        212 => [&done[..], &[Feat, Help, Syst]].concat(),
        213 => [
            &checksums[..],
            &[Size, Hash, Mdtm, Mfmt, Stat, Feat, Help, Syst],
        ]
        .concat(),
        214 => [Mfmt, Stat, Feat, Help, Syst, Opts].to_vec(),
        215 => [Mfmt, Stat, Syst].to_vec(),
        216..=219 => [Mfmt, Stat].to_vec(),
        220 => [Greeting, Host, Rein].to_vec(),
        221 => [Rein, Quit].to_vec(),
        225 => [&transfers[..], &[Abor]].concat(),
        226 => [&transfers[..], &[Abor, Stat]].concat(),
        227 | 228 => [Pasv, Epsv].to_vec(),
        229 => [Epsv].to_vec(),
        230 => [Greeting, User, Pass, Acct].to_vec(),
        231 => [User, Pass, Acct, Quit].to_vec(),
        232 => [User, Pass, Acct, Auth, Ccc, Pbsz, Prot].to_vec(),
        233 => [User, Pass, Acct].to_vec(),
        234 => [Auth, Ccc, Pbsz, Prot].to_vec(),
        235 => [Auth].to_vec(),
        250 => [
            &done[..],
            &moved,
            &transfers,
            &checksums,
            &[Abor, Pret, Allo, Clnt, Lang, Opts],
        ]
        .concat(),
        253 => [&done[..], &moved, &[Mdtm]].concat(),
        251 => [&done[..], &moved, &checksums].concat(),
        252 | 254..=256 => [&done[..], &moved].concat(),
        257 => [Pwd, Mkd, Stat].to_vec(),
        331 => [User].to_vec(),
        332 => [&transfers[..], &[User, Pass, Acct]].concat(),
        333 => [User, Pass, Acct].to_vec(),
        334 | 335 => [Auth].to_vec(),
        336 => [User, Pass, Acct, Auth].to_vec(),
        350 => [Rang, Rest, Rnfr].to_vec(),
        351..=359 => [Rnfr].to_vec(),
        _ => Vec::new(),
    }
}

fn every_verb() -> Vec<Verb> {
    let named = Verb::KNOWN.iter().copied();
    named.chain(Verb::parse(b"XCUP")).collect()
}

#[test]
fn every_cell_of_the_table() {
    for number in 100..=699 {
        let code = ReplyCode::new(number).unwrap();
        let fitting = answered_by(number);
        for verb in every_verb() {
            let expected = match number {
                200..=399 => matches!(verb, Site | Verb::Other(_)) || fitting.contains(&verb),
                450..=459 | 550..=559 => verb != Quit,
                _ => true,
            };
            assert_eq!(can_answer(verb, code), expected, "{number} to {verb}");
        }
    }
}

/// What RFC 959 section 5.4 and its successors give each command is among what it can be answered
/// with.
#[test]
fn what_the_documents_say_is_allowed() {
    for (verb, codes) in [
        (Greeting, &[120, 220, 421][..]),
        (User, &[230, 331, 332, 336, 500, 501, 530]),
        (Pass, &[202, 230, 232, 332, 503, 530]),
        (Acct, &[202, 230, 503, 530]),
        (Cwd, &[250, 502, 550]),
        (Cdup, &[200, 250, 550]),
        (Smnt, &[202, 250, 550]),
        (Rein, &[120, 220, 502]),
        (Quit, &[221, 500]),
        (Port, &[200, 500]),
        (Pasv, &[227, 502]),
        (Epsv, &[229, 522]),
        (Allo, &[200, 202]),
        (Rest, &[350]),
        (Stor, &[125, 150, 226, 250, 332, 425, 552]),
        (Retr, &[125, 150, 226, 250, 425, 550]),
        (Rnfr, &[350, 450, 550]),
        (Rnto, &[250, 532, 553]),
        (Dele, &[250, 450, 550]),
        (Rmd, &[250, 550]),
        (Mkd, &[257, 550]),
        (Pwd, &[257, 550]),
        (Abor, &[225, 226, 500]),
        (Syst, &[215, 502]),
        (Stat, &[211, 212, 213, 450]),
        (Help, &[211, 214, 502]),
        (Site, &[200, 202, 530]),
        (Noop, &[200, 500]),
        (Feat, &[211, 500]),
        (Opts, &[200, 451, 501]),
        (Auth, &[234, 334, 431, 534]),
        (Pbsz, &[200, 503]),
        (Prot, &[200, 536]),
        (Ccc, &[200, 533]),
        (Host, &[220, 504]),
        (Lang, &[200, 504]),
        (Size, &[213, 550]),
        (Mdtm, &[213, 550]),
        (Mlst, &[250, 550]),
        (Mfmt, &[213, 550]),
    ] {
        for number in codes {
            let code = ReplyCode::new(*number).unwrap();
            assert!(can_answer(verb, code), "{number} to {verb}");
        }
    }
}
