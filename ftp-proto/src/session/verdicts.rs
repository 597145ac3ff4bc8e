//! The verdicts that were not polled yet.

use crate::error::Error;
use crate::verdict::Completed;

use super::TransferId;

type Verdict = (TransferId, Result<Completed, Error>);

/// The verdicts on the latest transfer and on the one before, because with lookahead the next one
/// begins by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Verdicts {
    latest: Option<Verdict>,
    earlier: Option<Verdict>,
}

impl Verdicts {
    /// A session that ends may judge the queued transfer before the one that runs.
    pub(super) fn give(&mut self, id: TransferId, verdict: Result<Completed, Error>) {
        let given = (id, verdict);
        match &self.latest {
            Some((latest, _)) if *latest > id => self.earlier = Some(given),
            _ => self.earlier = self.latest.replace(given),
        }
    }

    pub(super) fn take(&mut self, id: TransferId) -> Option<Result<Completed, Error>> {
        let of_it = |verdict: &mut Verdict| verdict.0 == id;
        let taken = self.latest.take_if(of_it);
        taken
            .or_else(|| self.earlier.take_if(of_it))
            .map(|(_, verdict)| verdict)
    }

    #[cfg(feature = "testing")]
    pub(super) fn iter(&self) -> impl Iterator<Item = &Result<Completed, Error>> {
        let both = self.latest.iter().chain(&self.earlier);
        both.map(|(_, verdict)| verdict)
    }
}
