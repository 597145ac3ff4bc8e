//! Login and security: RFC 959, 4.1.1; RFC 4217; RFC 7151.

use alloc::format;

use super::super::peer::{ServerAction, ServerLink};
use super::config::User;
use super::{Answer, Condition, Private, Server, ServerState, answer};

impl Server {
    /// Commands that need no login. `None` when it is another one.
    pub(super) fn access_command(
        &mut self,
        verb: &[u8],
        argument: &[u8],
    ) -> Option<Option<Answer>> {
        Some(match verb {
            b"USER" => self.user(argument),
            b"PASS" => self.password(argument),
            b"ACCT" => self.account(argument),
            b"REIN" => self.reinitialise(),
            b"QUIT" => {
                self.answer(221, "Goodbye.");
                if !self.is_over() {
                    self.close_control();
                }
                None
            }
            b"HOST" if self.state.logged_in => answer(503, "Too late: already logged in."),
            b"HOST" if argument.is_empty() => answer(501, "Which host?"),
            b"HOST" => answer(220, "Host accepted."),
            b"AUTH" => self.authenticate(argument),
            b"PBSZ" => self.buffer_size(argument),
            b"PROT" => self.protection(argument),
            b"CCC" => self.clear_control(),
            _ => return None,
        })
    }

    fn user(&mut self, name: &[u8]) -> Option<Answer> {
        if name.is_empty() {
            return answer(501, "Who?");
        }
        self.state.logged_in = false;
        self.private.account_wanted = false;
        self.state.user = name.to_vec();
        answer(331, "Please specify the password.")
    }

    fn password(&mut self, password: &[u8]) -> Option<Answer> {
        if self.state.user.is_empty() || self.private.account_wanted || self.state.logged_in {
            return answer(503, "Login with USER first.");
        }
        let is_anonymous =
            self.state.user.eq_ignore_ascii_case(b"anonymous") || self.state.user == b"ftp";
        let wants_account = self
            .known_user()
            .map(|user| (user.password == password, user.account.is_some()));
        match wants_account {
            Some((true, true)) => {
                self.private.account_wanted = true;
                answer(332, "Need account for login.")
            }
            Some((true, false)) => self.logged_in(),
            None if is_anonymous && self.config.anonymous => self.logged_in(),
            _ => {
                self.state.user.clear();
                answer(530, "Login incorrect.")
            }
        }
    }

    fn account(&mut self, account: &[u8]) -> Option<Answer> {
        if !self.private.account_wanted {
            return if self.state.logged_in {
                answer(202, "No account is needed.")
            } else {
                answer(503, "Login with USER first.")
            };
        }
        self.private.account_wanted = false;
        if self
            .known_user()
            .is_some_and(|user| user.account.as_deref() == Some(account))
        {
            return self.logged_in();
        }
        self.state.user.clear();
        answer(530, "Login incorrect.")
    }

    fn known_user(&self) -> Option<&User> {
        self.config
            .users
            .iter()
            .find(|user| user.name == self.state.user)
    }

    fn logged_in(&mut self) -> Option<Answer> {
        self.state.logged_in = true;
        answer(230, "Login successful.")
    }

    /// REIN: as if just connected, but for the protection of the control connection.
    fn reinitialise(&mut self) -> Option<Answer> {
        self.close_opening();
        self.state = ServerState::new(self.state.secured);
        self.private = Private::new();
        answer(220, "Service ready for new user.")
    }

    fn authenticate(&mut self, mechanism: &[u8]) -> Option<Answer> {
        let mechanism = mechanism.to_ascii_uppercase();
        if !self.config.tls {
            return answer(502, "No security mechanism is offered.");
        }
        if self.state.secured {
            return answer(503, "Already secured.");
        }
        if !matches!(mechanism.as_slice(), b"TLS" | b"TLS-C" | b"SSL") {
            return answer(504, "Unknown security mechanism.");
        }
        self.answer(234, "Proceed with negotiation.");
        let link = ServerLink::Control;
        self.await_report(ServerAction::Secure { link });
        None
    }

    /// The control connection changed between TLS and clear text.
    pub(super) fn control_secured(&mut self, secured: bool) {
        if self.condition == Condition::Awaiting {
            self.condition = Condition::Serving;
            self.state.secured = secured;
            self.inbox.clear();
            self.waiting.clear();
        }
    }

    /// Lets no command be looked at until what came of this action is reported.
    pub(super) fn await_report(&mut self, action: ServerAction) {
        if self.condition == Condition::Serving {
            self.actions.push_back(action);
            self.condition = Condition::Awaiting;
        }
    }

    fn buffer_size(&mut self, size: &[u8]) -> Option<Answer> {
        if !self.state.secured {
            return answer(503, "PBSZ needs a secure connection.");
        }
        if size.is_empty() || !size.iter().all(u8::is_ascii_digit) {
            return answer(501, "Not a size.");
        }
        self.private.buffer_size_set = true;
        answer(200, "PBSZ=0")
    }

    fn protection(&mut self, level: &[u8]) -> Option<Answer> {
        if !self.private.buffer_size_set {
            return answer(503, "PROT needs a PBSZ first.");
        }
        match level {
            b"C" | b"P" => {
                self.state.protected = level == b"P";
                let name = if self.state.protected {
                    "private"
                } else {
                    "clear"
                };
                answer(200, format!("Protection set to {name}."))
            }
            b"S" | b"E" => answer(536, "Protection level not supported."),
            _ => answer(504, "Unknown protection level."),
        }
    }

    fn clear_control(&mut self) -> Option<Answer> {
        if !self.state.secured {
            return answer(533, "The control connection is clear already.");
        }
        self.answer(200, "Clearing the control connection.");
        self.await_report(ServerAction::Unsecure);
        None
    }
}
