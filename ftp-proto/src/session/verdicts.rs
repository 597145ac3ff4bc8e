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
    /// A session that ends may judge what waits before what runs.
    pub(super) fn give(&mut self, id: TransferId, verdict: Result<Completed, Error>) {
        let given = (id, verdict);
        let precedes = |kept: &Option<Verdict>| kept.as_ref().is_some_and(|kept| id < kept.0);
        if !precedes(&self.latest) {
            self.earlier = self.latest.replace(given);
        } else if !precedes(&self.earlier) {
            self.earlier = Some(given);
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

#[cfg(test)]
mod tests {
    use super::{TransferId, Verdicts};
    use crate::error::{After, Error, ErrorKind, Misuse};

    #[test]
    fn those_of_the_latest_two_are_kept_in_any_order() {
        let orders = [
            [1, 2, 3],
            [1, 3, 2],
            [2, 1, 3],
            [2, 3, 1],
            [3, 1, 2],
            [3, 2, 1],
        ];
        for order in orders {
            let mut verdicts = Verdicts::default();
            for id in order {
                let error = ErrorKind::Misuse(Misuse::SpentTicket);
                let verdict = Err(Error::new(error, None, After::Usable));
                verdicts.give(TransferId(id), verdict);
            }
            let kept = [1, 2, 3].map(|id| verdicts.take(TransferId(id)).is_some());
            assert_eq!(kept, [false, true, true], "{order:?}");
        }
    }
}
