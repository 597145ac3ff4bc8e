use super::*;

/// The line is not searched for it, which would be so much work for each byte of a row of CRs.
#[test]
fn a_line_of_crs_alone_is_known_by_a_flag() {
    let mut inputs = alloc::vec![Vec::new()];
    for _ in 0..6 {
        let longer = |input: &Vec<u8>| b"\r\n2 -".map(|byte| [input.as_slice(), &[byte]].concat());
        inputs.extend(inputs.iter().flat_map(longer).collect::<Vec<_>>());
        inputs.sort();
        inputs.dedup();
    }
    for input in inputs {
        let mut parser = Parser::new(Limits::default(), Grammar::default());
        for byte in &input {
            let _ = parser.parse(&mut &[*byte][..]);
            let searched = parser.line.iter().any(|byte| *byte != b'\r');
            assert_eq!(parser.has_text, searched, "{}", input.escape_ascii());
        }
    }
}
