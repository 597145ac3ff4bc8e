use super::can_answer;
use crate::command::Verb;
use crate::reply::ReplyCode;
