//! Who waits for whom, and what ends before it is done.

use super::*;
use keyvalue::{Memory, Mutation};

fn much() -> Memory {
    let mut memory = Memory::default();
    let puts: Vec<_> = (0..20_000_u32)
        .map(|number| Mutation::Put {
            key: number.to_be_bytes().to_vec(),
            value: Vec::new(),
        })
        .collect();
    memory.apply(&puts);
    memory
}

/// Reads everything again and again until it cannot, and says so.
fn read_for_ever(memory: &Memory, interrupt: &Interrupt) -> ReadError {
    let read = Interruptible::new(memory, interrupt);
    loop {
        if let Err(error) = read.scan(&[], &[255; 5], Order::Ascending, &mut |_, _| ControlFlow::Continue(())) {
            return error;
        }
    }
}

#[tokio::test]
async fn work_is_interrupted_when_its_time_is_over() {
    let pool = WorkerPool::new(1, Duration::from_secs(5), Duration::from_millis(50));
    let ended = pool.run(|interrupt| read_for_ever(&much(), interrupt)).await;
    assert_eq!(ended, Err(refusal::out_of_time(0)));
    assert_eq!(pool.run(|_| 7).await, Ok(7));
}

#[tokio::test]
async fn work_is_interrupted_when_its_client_is_gone_and_the_next_has_its_turn() {
    let pool = Arc::new(WorkerPool::new(1, Duration::from_secs(10), Duration::from_secs(600)));
    let asked = Arc::clone(&pool);
    let gone = tokio::spawn(async move { asked.run(|interrupt| read_for_ever(&much(), interrupt)).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    gone.abort();
    assert_eq!(pool.run(|_| 7).await, Ok(7));
}

#[tokio::test]
async fn who_gets_no_turn_in_time_is_refused_as_busy() {
    let pool = Arc::new(WorkerPool::new(1, Duration::from_millis(50), Duration::from_secs(600)));
    let asked = Arc::clone(&pool);
    let first = tokio::spawn(async move { asked.run(|interrupt| read_for_ever(&much(), interrupt)).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let second = pool.run(|_| 7).await;
    assert!(second.is_err_and(|problem| String::from_utf8_lossy(&problem.body()).contains("too many long questions")));
    first.abort();
}

#[tokio::test]
async fn a_point_read_fails_once_it_is_interrupted() {
    let interrupt = Interrupt {
        is_ordered: Arc::new(AtomicBool::new(true)),
        ..Interrupt::after(u32::MAX)
    };
    let memory = much();
    assert!(Interruptible::new(&memory, &interrupt).get(&[0; 4], |_| ()).is_err());
}

#[test]
fn what_reads_few_keys_is_done_where_it_is_asked_and_what_reads_more_is_known_by_it() {
    let memory = much();
    for (keys, is_done) in [(3, true), (4, false)] {
        let interrupt = Interrupt::after(3);
        let read = Interruptible::new(&memory, &interrupt);
        let to = u32::to_be_bytes(keys);
        let scanned = read.scan(&[], &to, Order::Ascending, &mut |_, _| ControlFlow::Continue(()));
        assert_eq!((scanned.is_ok(), interrupt.is_exhausted()), (is_done, !is_done), "{keys}");
        assert_eq!(interrupt.is_due(), !is_done, "{keys}");
    }
}
