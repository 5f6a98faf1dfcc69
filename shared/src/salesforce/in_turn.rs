//! Streams that are read beside each other and given one after the other.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::stream::Fuse;
use futures::{Stream, StreamExt};

/// Streams that are taken from their source before they are read, so that it goes on with what it does to make them.
const HELD: usize = 4;

/// The items of `streams` in order, of which as many as `at_once` are read at the same time: while the first is awaited or
/// given, each of the others is read up to `ahead` items ahead of its turn.
pub(super) fn in_turn<O: Stream<Item: Stream>>(streams: O, at_once: usize, ahead: usize) -> InTurn<O> {
    InTurn { streams: Box::pin(streams.fuse()), at_once, ahead, begun: VecDeque::new() }
}

/// See [`in_turn`].
pub(super) struct InTurn<O: Stream<Item: Stream>> {
    streams: Pin<Box<Fuse<O>>>,
    at_once: usize,
    ahead: usize,
    begun: VecDeque<Begun<O::Item>>,
}

/// A stream under reading, and what has come of it; `None` is its end.
struct Begun<S: Stream> {
    stream: Pin<Box<S>>,
    came: VecDeque<Option<S::Item>>,
}

impl<S: Stream> Begun<S> {
    fn has_ended(&self) -> bool {
        matches!(self.came.back(), Some(None))
    }

    /// As far as it may, or until its source is to wake this task.
    fn read(&mut self, ahead: usize, context: &mut Context<'_>) {
        while !self.has_ended()
            && self.came.len() < ahead
            && let Poll::Ready(item) = self.stream.as_mut().poll_next(context)
        {
            self.came.push_back(item);
        }
    }
}

// No item is pinned, and each stream in its box.
impl<O: Stream<Item: Stream>> Unpin for InTurn<O> {}

type Given<O> = Option<<<O as Stream>::Item as Stream>::Item>;

impl<O: Stream<Item: Stream>> Stream for InTurn<O> {
    type Item = <O::Item as Stream>::Item;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Given<O>> {
        let this = &mut *self;
        loop {
            let at_once = this.at_once.max(1);
            while this.begun.len() < at_once + HELD
                && let Poll::Ready(Some(stream)) = this.streams.as_mut().poll_next(context)
            {
                this.begun.push_back(Begun { stream: Box::pin(stream), came: VecDeque::new() });
            }
            for begun in this.begun.iter_mut().take(at_once) {
                begun.read(this.ahead.max(1), context);
            }
            let Some(first) = this.begun.front_mut() else {
                return if this.streams.is_done() { Poll::Ready(None) } else { Poll::Pending };
            };
            match first.came.pop_front() {
                Some(Some(item)) => return Poll::Ready(Some(item)),
                Some(None) => {
                    this.begun.pop_front();
                }
                None => return Poll::Pending,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    use std::time::Duration;

    use futures::stream;
    use tokio::time::{Instant, sleep};

    use super::*;

    /// `items` items, each a second after the one before.
    fn slow(stream: usize, items: usize) -> impl Stream<Item = (usize, usize)> {
        stream::iter(0..items).then(move |item| async move {
            sleep(Duration::from_secs(1)).await;
            (stream, item)
        })
    }

    #[tokio::test(start_paused = true)]
    async fn order_is_kept_and_those_behind_are_read_meanwhile() {
        let began = Instant::now();
        let given: Vec<_> = in_turn(stream::iter((0..6).map(|number| slow(number, 2))), 3, 2).collect().await;
        let in_order: Vec<_> = (0..6).flat_map(|number| [(number, 0), (number, 1)]).collect();
        assert_eq!((given, began.elapsed().as_secs()), (in_order, 4), "two rounds of three");
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_are_begun_and_none_is_read_further_than_said() {
        let read = AtomicUsize::new(0);
        let counted = |number| slow(number, 100).inspect(|_| _ = read.fetch_add(1, Relaxed));
        let mut given = in_turn(stream::iter((0..9).map(counted)), 4, 3);
        given.next().await;
        sleep(Duration::from_mins(1)).await;
        for _ in 0..9 {
            given.next().await;
        }
        assert_eq!(read.load(Relaxed), 10 + 3 * 3);
    }

    #[tokio::test]
    async fn of_nothing_comes_nothing() {
        assert_eq!(in_turn(stream::empty::<stream::Empty<()>>(), 4, 1).count().await, 0);
        let empty = || stream::iter([(); 0]);
        assert_eq!(in_turn(stream::iter([empty(), empty()]), 1, 1).count().await, 0);
    }
}
