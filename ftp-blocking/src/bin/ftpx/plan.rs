//! Plans as JSON lines, and shares of them.
//!
//! The first line says what the plan is between, and how many steps it has. Each line behind it is a
//! step.

use std::str::FromStr;

use ftp_blocking::FtpUrl;
use ftp_blocking::proto::listing::Name;
use ftp_blocking::proto::timestamp::Timestamp;
use ftp_blocking::proto::tree::{Step, StepKind, TreePath, Way};
use serde_json::{Map, Value, json};

use crate::exit::{Failure, Result};

/// What a plan is between.
#[derive(Debug)]
pub(crate) struct Heading {
    pub(crate) way: Way,
    pub(crate) remote: FtpUrl,
    pub(crate) local: String,
    /// How many steps there are; `None` where that was taken out, to perform some of them.
    steps: Option<u64>,
}

/// The share `number` of `count`, from 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shard {
    number: usize,
    count: usize,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let parts = text.split_once('/');
        let parts =
            parts.and_then(|(number, count)| Some((number.parse().ok()?, count.parse().ok()?)));
        match parts {
            Some((number, count)) if (1..=count).contains(&number) => Ok(Self { number, count }),
            _ => Err("a share is K/N, with K from 1 to N".to_owned()),
        }
    }
}

impl Shard {
    /// Whether the step at this index is in the share: every Nth is.
    pub(crate) const fn has(self, index: usize) -> bool {
        match index.checked_rem(self.count) {
            Some(rest) => rest + 1 == self.number,
            None => false,
        }
    }
}

/// Text as a string. Other bytes stand beside it, as numbers.
pub(crate) fn bytes_as_json(key: &str, bytes: &[u8]) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert(key.to_owned(), String::from_utf8_lossy(bytes).into());
    if std::str::from_utf8(bytes).is_err() {
        object.insert(format!("{key}_bytes"), json!(bytes));
    }
    object
}

/// The JSON on one line. Characters that control a terminal or deceive its reader are escaped,
/// because servers choose the names.
pub(crate) fn as_line(value: &Value) -> String {
    let mut line = String::new();
    for character in value.to_string().chars() {
        // Most of it is printable ASCII, which need not be asked about.
        if matches!(character, ' '..='~') || !is_deceptive(character) {
            line.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            line += &format!("\\u{unit:04x}");
        }
    }
    line
}

/// Whether a name with this character is shown otherwise than it is.
fn is_deceptive(character: char) -> bool {
    let mut bytes = [0; 4];
    let text: &str = character.encode_utf8(&mut bytes);
    let shown = Name::new(text.as_bytes()).to_string();
    shown != text
}

fn bytes_from_json(object: &Value, key: &str) -> Option<Vec<u8>> {
    match object.get(format!("{key}_bytes")) {
        Some(bytes) => bytes
            .as_array()?
            .iter()
            .map(|byte| byte.as_u64().and_then(|byte| u8::try_from(byte).ok()))
            .collect(),
        None => object
            .get(key)?
            .as_str()
            .map(|text| text.as_bytes().to_vec()),
    }
}

/// A password in the URL is left out: the plan goes to other machines.
pub(crate) fn write_heading(way: Way, remote: &FtpUrl, local: &str, steps: usize) -> String {
    let way = match way {
        Way::Up => "up",
        _ => "down",
    };
    let remote = match remote.has_password() {
        true => remote.to_string().replacen(":*@", "@", 1),
        false => remote.to_string(),
    };
    as_line(&json!({ "plan": 1, "way": way, "remote": remote, "local": local, "steps": steps }))
}

pub(crate) fn write_step(step: &Step) -> String {
    let mut object = bytes_as_json("path", step.path().as_bytes());
    object.insert("step".to_owned(), step.kind().name().into());
    if let Some(size) = step.size() {
        object.insert("size".to_owned(), size.into());
    }
    if let Some(time) = step.modified().and_then(|time| time.time_val()) {
        object.insert("modified".to_owned(), time.to_string().into());
    }
    as_line(&Value::Object(object))
}

/// The heading, and the steps of the share.
pub(crate) fn read(text: &str, shard: Shard) -> Result<(Heading, Vec<Step>)> {
    let mut lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    let wrong = |number: usize| Failure::Usage(format!("line {} is not of a plan", number + 1));
    let (number, first) = lines.next().ok_or_else(|| wrong(0))?;
    let heading = read_heading(first).ok_or_else(|| wrong(number))?;
    let (mut steps, mut count) = (Vec::new(), 0_u64);
    for (index, (number, line)) in lines.enumerate() {
        let step = read_step(line).ok_or_else(|| wrong(number))?;
        if shard.has(index) {
            steps.push(step);
        }
        count += 1;
    }
    match heading.steps {
        // Whoever wrote or copied it was interrupted between two lines.
        Some(announced) if announced != count => Err(Failure::Usage(format!(
            "the plan has {count} of {announced} steps; without \"steps\" in its first line they \
             are carried out nevertheless"
        ))),
        _ => Ok((heading, steps)),
    }
}

/// What may be missing, but not be anything else.
fn optional<V>(object: &Value, key: &str, read: impl Fn(&Value) -> Option<V>) -> Option<Option<V>> {
    match object.get(key) {
        None => Some(None),
        Some(value) => read(value).map(Some),
    }
}

fn read_heading(line: &str) -> Option<Heading> {
    let object: Value = serde_json::from_str(line).ok()?;
    let text = |key| object.get(key).and_then(Value::as_str);
    if object.get("plan")?.as_u64() != Some(1) {
        return None;
    }
    Some(Heading {
        way: match text("way")? {
            "up" => Way::Up,
            "down" => Way::Down,
            _ => return None,
        },
        remote: text("remote")?.parse().ok()?,
        local: text("local")?.to_owned(),
        steps: optional(&object, "steps", Value::as_u64)?,
    })
}

fn read_step(line: &str) -> Option<Step> {
    let object: Value = serde_json::from_str(line).ok()?;
    let kind = StepKind::from_name(object.get("step")?.as_str()?)?;
    let path = bytes_from_json(&object, "path")?;
    let path = match path.is_empty() {
        true => TreePath::root(),
        false => TreePath::new(&path)?,
    };
    let time = |time: &Value| Timestamp::from_time_val(time.as_str()?.as_bytes()).ok();
    let modified = optional(&object, "modified", time)?;
    let size = optional(&object, "size", Value::as_u64)?;
    Some(
        Step::new(kind, path)
            .with_size(size)
            .with_modified(modified),
    )
}
