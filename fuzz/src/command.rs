//! The one encoder that turns commands into bytes.

use ftp_proto::{Argument, ArgumentError, COMMAND_BYTES_MAX, Command, Verb};

/// The input is an argument, and a whole command line.
pub fn check(input: &[u8]) {
    argument(input);
    for length in [
        ARGUMENT_BYTES_MAX / 2 + 1,
        ARGUMENT_BYTES_MAX,
        ARGUMENT_BYTES_MAX + 1,
    ] {
        limit_holds(&long(input, length));
    }
    if let Ok(command) = Command::raw(input) {
        let verb = input.split(|&byte| byte == b' ').next().unwrap_or_default();
        assert_eq!(Verb::parse(verb), Some(command.verb()));
        is_one_safe_line(&command);
    } else {
        assert!(!is_command_line(input), "a fine command line was refused");
    }
}

/// What is left beside CR, LF, a blank and the longest verb.
const ARGUMENT_BYTES_MAX: usize = COMMAND_BYTES_MAX - 11;

/// The input over and over. An input of libFuzzer's is too short for the limit.
fn long(input: &[u8], length: usize) -> Vec<u8> {
    input.iter().copied().cycle().take(length).collect()
}

fn limit_holds(input: &[u8]) {
    match Argument::new(input) {
        Ok(_) => assert!(doubled_length(input) <= ARGUMENT_BYTES_MAX),
        Err(error) => refusal_is_right(input, error),
    }
}

fn argument(input: &[u8]) {
    let argument = match Argument::new(input) {
        Ok(argument) => argument,
        Err(error) => return refusal_is_right(input, error),
    };
    assert_eq!(argument.as_bytes(), input);
    assert!(doubled_length(input) <= ARGUMENT_BYTES_MAX);
    assert!(!input.is_empty() && !input.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)));
    for verb in [Verb::Retr, Verb::Pass, Verb::Acct, Verb::Site, Verb::User] {
        let command = Command::new(verb, argument.clone());
        is_one_safe_line(&command);
        is_masked(&command, input);
    }
}

fn refusal_is_right(input: &[u8], error: ArgumentError) {
    let has = |byte| input.contains(&byte);
    match error {
        ArgumentError::Empty => assert!(input.is_empty()),
        ArgumentError::LineBreak => assert!(has(b'\r') || has(b'\n')),
        ArgumentError::Nul => assert!(has(0)),
        ArgumentError::TooLong => assert!(doubled_length(input) > ARGUMENT_BYTES_MAX),
        other => panic!("{other} does not fit an argument"),
    }
}

fn doubled_length(bytes: &[u8]) -> usize {
    bytes.len() + bytes.iter().filter(|&&byte| byte == 0xFF).count()
}

/// Whether nothing is wrong with the line: a verb of one to eight characters, and an argument that
/// is none or fits.
fn is_command_line(line: &[u8]) -> bool {
    let mut parts = line.splitn(2, |&byte| byte == b' ');
    let verb = parts.next().unwrap_or_default();
    let argument = parts.next().unwrap_or_default();
    let is_verb = verb.first().is_some_and(u8::is_ascii_alphabetic)
        && verb.iter().all(u8::is_ascii_alphanumeric)
        && verb.len() <= 8;
    is_verb && (argument.is_empty() || Argument::new(argument).is_ok())
}

fn is_one_safe_line(command: &Command) {
    for telnet in [false, true] {
        let mut line = Vec::new();
        command.encode(telnet, &mut line);
        assert!(line.len() <= COMMAND_BYTES_MAX);
        let Some(content) = line.strip_suffix(b"\r\n") else {
            panic!("{command} does not end its line");
        };
        assert!(!content.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)));
        let sent = if telnet {
            undouble(content)
        } else {
            content.to_vec()
        };
        assert_eq!(
            Command::raw(&sent).as_ref(),
            Ok(command),
            "the line means another command"
        );
    }
}

/// What a Telnet receiver makes of it. A single 0xFF would be a command.
fn undouble(line: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = line.iter();
    while let Some(&byte) = rest.next() {
        if byte == 0xFF {
            assert_eq!(rest.next(), Some(&0xFF), "a Telnet command would go out");
        }
        bytes.push(byte);
    }
    bytes
}

fn is_masked(command: &Command, argument: &[u8]) {
    let shown = command.to_string();
    let Some(text) = shown.strip_prefix(&format!("{} ", command.verb())) else {
        panic!("{shown} does not begin with its verb");
    };
    if command.verb().is_secret() {
        assert_eq!(text, "*");
    } else if command.masked() != *command {
        let (word, mask) = text.split_once(' ').expect("SITE, a word and a password");
        assert_eq!((command.verb(), mask), (Verb::Site, "*"));
        assert!(argument.trim_ascii_start().starts_with(word.as_bytes()));
    } else {
        assert!(!changes_password(command, argument), "{shown}");
        is_escaped(&String::from_utf8_lossy(argument), text);
    }
    assert_eq!(format!("{command:?}"), format!("Command({shown})"));
    assert_eq!(command.masked().to_string(), shown);
}

/// Each character is shown as it is or escaped, and those that could deceive a reader are escaped.
fn is_escaped(text: &str, shown: &str) {
    let mut rest = shown;
    for character in text.chars() {
        let escaped = character.escape_default().to_string();
        let deceives = character.is_control() || DECEPTIVE.contains(character);
        rest = match rest.strip_prefix(character).filter(|_| !deceives) {
            Some(rest) => rest,
            None => match rest
                .strip_prefix(&escaped)
                .filter(|_| !character.is_ascii_graphic())
            {
                Some(rest) => rest,
                None => panic!("{character:?} in {shown:?}"),
            },
        };
    }
    assert_eq!(rest, "");
}

/// Characters that reorder or hide what is around them.
fn changes_password(command: &Command, argument: &[u8]) -> bool {
    let argument = argument.to_ascii_uppercase();
    command.verb() == Verb::Site && argument.starts_with(b"PSWD ") && !argument.ends_with(b" ")
}

const DECEPTIVE: &str = "\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\
    \u{2066}\u{2067}\u{2068}\u{2069}\u{61c}\u{feff}\u{200b}\u{ad}\u{e0041}";
