//! Settings before a connection is made.

use crate::config::{Config, Detail, Timeouts, TlsPolicy};
use crate::transfer::DataMode;

/// A [`Config`], and separate settings that stay in force, whatever the order of the calls.
///
/// ```
/// use ftp_proto::driver::Settings;
/// use ftp_proto::{Config, DataMode, TlsPolicy};
///
/// let mut settings = Settings::default();
/// settings.data_mode(DataMode::AnyActive);
/// settings.config(Config::default());
/// assert_eq!(settings.build().data_mode, DataMode::AnyActive);
///
/// // A transport for TLS demands it, and only a word about TLS changes that.
/// settings.demand_tls();
/// assert_eq!(settings.build().tls, TlsPolicy::Full);
/// settings.tls_policy(TlsPolicy::None);
/// assert_eq!(settings.build().tls, TlsPolicy::None);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Settings {
    config: Config,
    timeouts: Option<Timeouts>,
    data_mode: Option<DataMode>,
    detail: Option<Detail>,
    tls: Option<TlsPolicy>,
    /// The transport is for TLS.
    for_tls: bool,
}

impl Settings {
    /// Takes all of `config` but what was set apart from it. A demand for TLS that was made before
    /// stays unless `config` makes another.
    pub fn config(&mut self, mut config: Config) {
        if config.tls == TlsPolicy::None {
            config.tls = self.config.tls;
        }
        self.config = config;
    }

    /// Waits no longer than these limits.
    pub const fn timeouts(&mut self, timeouts: Timeouts) {
        self.timeouts = Some(timeouts);
    }

    /// Opens data connections in this way.
    pub const fn data_mode(&mut self, mode: DataMode) {
        self.data_mode = Some(mode);
    }

    /// Records at least this much.
    pub fn detail(&mut self, detail: Detail) {
        self.detail = self.detail.max(Some(detail));
    }

    /// Demands this much TLS and no more, whatever transport and configuration say: the only way to
    /// send passwords and payload in clear over a transport that is for TLS.
    pub const fn tls_policy(&mut self, policy: TlsPolicy) {
        self.tls = Some(policy);
    }

    /// The transport is for TLS: demands [`TlsPolicy::Full`] where nothing else is said.
    pub const fn demand_tls(&mut self) {
        self.for_tls = true;
    }

    /// The resulting configuration.
    pub fn build(&self) -> Config {
        let mut config = self.config;
        config.timeouts = self.timeouts.unwrap_or(config.timeouts);
        config.data_mode = self.data_mode.unwrap_or(config.data_mode);
        config.detail = config.detail.max(self.detail.unwrap_or(config.detail));
        config.tls = match (self.tls, config.tls) {
            (Some(policy), _) => policy,
            (None, TlsPolicy::None) if self.for_tls => TlsPolicy::Full,
            (None, policy) => policy,
        };
        config
    }
}

#[cfg(test)]
mod tests {
    use super::Settings;
    use crate::config::{Config, Detail, Timeouts, TlsPolicy};
    use crate::transfer::DataMode;
    use core::time::Duration;

    type Set = fn(&mut Settings);
    type Holds = fn(&Config) -> bool;

    fn limits() -> Timeouts {
        Timeouts::all(Duration::from_secs(7))
    }

    #[test]
    fn a_configuration_undoes_nothing_in_either_order() {
        let all: [(&str, Set, Holds); 5] = [
            (
                "timeouts",
                |settings| settings.timeouts(limits()),
                |config| config.timeouts == limits(),
            ),
            (
                "data mode",
                |settings| settings.data_mode(DataMode::AnyActive),
                |config| config.data_mode == DataMode::AnyActive,
            ),
            (
                "detail",
                |settings| settings.detail(Detail::Everything),
                |config| config.detail == Detail::Everything,
            ),
            ("TLS", Settings::demand_tls, |config| {
                config.tls == TlsPolicy::Full
            }),
            (
                "policy",
                |settings| settings.tls_policy(TlsPolicy::Control),
                |config| config.tls == TlsPolicy::Control,
            ),
        ];
        for (what, set, holds) in all {
            let (mut before, mut after) = (Settings::default(), Settings::default());
            set(&mut before);
            before.config(Config::default());
            after.config(Config::default());
            set(&mut after);
            assert!(holds(&before.build()) && holds(&after.build()), "{what}");
        }
        let config = Config {
            timeouts: limits(),
            ..Config::default()
        };
        let mut settings = Settings::default();
        settings.config(config);
        assert_eq!(settings.build(), config);
    }

    #[test]
    fn a_demand_for_tls_stays_unless_another_is_made() {
        let weaker = Config {
            tls: TlsPolicy::Control,
            ..Config::default()
        };
        let mut settings = Settings::default();
        settings.demand_tls();
        assert_eq!(settings.build().tls, TlsPolicy::Full);
        settings.config(weaker);
        settings.config(Config::default());
        assert_eq!(settings.build().tls, TlsPolicy::Control);
    }
}
