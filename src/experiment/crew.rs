//! Work that is done side by side and handed on in order.

use std::sync::mpsc::{channel, sync_channel};

/// Pieces that a hand makes ahead of the one that is waited for, at the most.
const AHEAD: usize = 2;

/// Lets so many hands make a piece of every task, and takes the pieces in the order of the tasks.
///
/// Task `i` is the work of hand `i % hands`, so what is made doesn't depend on who is quick. Each
/// hand works with what `hand` gives it in its own thread, and a piece that was taken is filled
/// again: memory is bounded by the hands, not by the tasks.
///
/// Tells whether all was taken: `take` may say that it's enough.
///
/// # Errors
/// The first error of `make` or `take` in the order of the tasks; the rest is left.
pub fn in_order<Task, Hand, Piece, Error>(
    hands: usize,
    tasks: impl Iterator<Item = Task> + Clone + Send,
    hand: impl Fn() -> Hand + Sync,
    make: impl Fn(&mut Hand, &Task, &mut Piece) -> Result<(), Error> + Sync,
    mut take: impl FnMut(&Task, &Piece) -> Result<bool, Error>,
) -> Result<bool, Error>
where
    Piece: Default + Send,
    Error: Send,
{
    let (hand, make) = (&hand, &make);
    std::thread::scope(|scope| {
        let mut crew = Vec::new();
        for place in 0..hands.max(1) {
            let (ready, inbox) = sync_channel(AHEAD);
            let (back, spare) = channel::<Piece>();
            let own = tasks.clone().skip(place).step_by(hands.max(1));
            scope.spawn(move || {
                let mut hand = hand();
                for task in own {
                    let mut piece = spare.try_recv().unwrap_or_default();
                    let made = make(&mut hand, &task, &mut piece).map(|()| piece);
                    if ready.send(made).is_err() {
                        // Nobody waits for it any more.
                        return;
                    }
                }
            });
            crew.push((inbox, back));
        }
        for (task, (inbox, back)) in tasks.zip(crew.iter().cycle()) {
            // A hand that is gone has panicked, and the end of the scope passes that on.
            let Ok(made) = inbox.recv() else { break };
            let piece = made?;
            if !take(&task, &piece)? {
                return Ok(false);
            }
            // A hand that has nothing left to do needs no piece.
            let _ = back.send(piece);
        }
        Ok(true)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn squares(hands: usize, stop_at: u64, wrong: u64) -> (Result<bool, u64>, Vec<u64>) {
        let mut taken = Vec::new();
        let outcome = in_order(
            hands,
            0..100u64,
            || 0u64,
            |made, task, piece: &mut Vec<u64>| {
                *made += 1;
                piece.clear();
                piece.push(task * task);
                if *task == wrong { Err(*task) } else { Ok(()) }
            },
            |_, piece| {
                taken.extend(piece);
                Ok(taken.len() as u64 != stop_at)
            },
        );
        (outcome, taken)
    }

    #[test]
    fn pieces_come_in_order_for_any_number_of_hands() {
        for hands in [0, 1, 2, 3, 200] {
            let (outcome, taken) = squares(hands, 0, 100);
            assert_eq!(outcome, Ok(true));
            assert!(taken.iter().copied().eq((0..100).map(|i| i * i)), "{hands}");
        }
    }

    #[test]
    fn enough_and_errors_end_the_work() {
        let (outcome, taken) = squares(3, 10, 100);
        assert_eq!((outcome, taken.len()), (Ok(false), 10));
        let (outcome, taken) = squares(3, 0, 7);
        assert_eq!((outcome, taken.len()), (Err(7), 7));
    }
}
