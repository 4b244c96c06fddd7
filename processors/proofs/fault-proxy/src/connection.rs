//! One client connection and its connection to a broker: what is read on one side is written on the other, as the rules allow.
//!
//! Four loops run as one task. Two read frames, decide and stamp them; two write them when their time has come. So a delay does not
//! lower the throughput, and what was read before a client went away still reaches the broker, as with a slow network.

use crate::api::ApiKey;
use crate::frame::{self, Request};
use crate::hub::Hub;
use crate::link::{Link, ToBroker};
use crate::passage::Verdict;
use crate::rewrite::{self, Address};
use crate::rules::{Client, Side};
use crate::state::Conditions;
use bytes::Bytes;
use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

/// How many frames wait in one direction; the one who sends more has to wait.
const FRAMES_MAX: usize = 256;
const CONNECT_WAIT_MAX: Duration = Duration::from_secs(10);

#[derive(Debug)]
enum ToClient {
    Answer { key: ApiKey, bytes: Bytes, due: Instant },
    HalfClose,
    End,
}

/// Serves a client until it or the broker goes, or a rule ends the connection.
pub(crate) async fn serve(mut client: TcpStream, broker: Address, hub: Arc<Hub>) {
    let number = hub.shared.update(crate::state::State::accepted);
    let connecting = TcpStream::connect((broker.host.as_str(), broker.port));
    let Ok(Ok(mut upstream)) = tokio::time::timeout(CONNECT_WAIT_MAX, connecting).await else {
        hub.shared.update(|state| state.counts.unreachable += 1);
        let _closed_anyway = client.set_zero_linger();
        return;
    };
    // Without it, requests are only slower.
    let _slower = (client.set_nodelay(true), upstream.set_nodelay(true));
    let (to_broker, requests) = mpsc::channel(FRAMES_MAX);
    let (to_client, answers) = mpsc::channel(FRAMES_MAX);
    let link = Arc::new(Link {
        number,
        broker_name: broker.to_string(),
        broker,
        client_id: OnceLock::new(),
        client_is_gone: AtomicBool::new(false),
        is_reset: AtomicBool::new(false),
        ended: Notify::new(),
        pending: Mutex::default(),
        to_broker,
    });
    hub.shared.update(|state| state.opened(&link));
    {
        let connection = Connection { link: &link, hub: &hub };
        let (client_in, client_out) = client.split();
        let (broker_in, broker_out) = upstream.split();
        tokio::select! {
            _ = async { tokio::join!(
                connection.read_requests(client_in, to_client.clone()),
                connection.write_requests(broker_out, requests),
                connection.read_answers(broker_in, to_client),
                connection.write_answers(client_out, answers),
            ) } => {}
            () = link.ended.notified() => {}
        }
    }
    link.client_is_gone.store(true, Ordering::SeqCst);
    if link.is_reset.load(Ordering::SeqCst) {
        let _closed_anyway = client.set_zero_linger();
    }
    hub.shared.update(|state| state.closed(&link));
}

struct Connection<'a> {
    link: &'a Arc<Link>,
    hub: &'a Arc<Hub>,
}

impl Connection<'_> {
    async fn read_requests(&self, mut from: ReadHalf<'_>, to_client: mpsc::Sender<ToClient>) {
        // An error is an end as well: the client is gone.
        while let Ok(Some(bytes)) = frame::read(&mut from).await {
            let request = match Request::parse(bytes) {
                Ok(request) => request,
                Err(malformed) => return self.refuse(None, &malformed),
            };
            if let Some(id) = request.client_id() {
                self.link.client_id.get_or_init(|| id.to_owned());
            }
            if let Err(unknown) = rewrite::check(request.key(), request.version()) {
                return self.refuse(Some(request.key()), &unknown);
            }
            let passage = match self.hub.shared.update(|state| state.judge(&request, self.link)) {
                Verdict::Kept(Client::Waits) => continue,
                Verdict::Kept(Client::Reset) => return self.link.reset(),
                Verdict::Pass(passage) => passage,
            };
            let half_close = passage.half_close;
            let bytes = passage.overturned.clone().unwrap_or_else(|| request.bytes().clone());
            let due = Instant::now() + passage.delay;
            if request.is_answered() {
                self.link.expect_answer(&request, passage, None);
            }
            let mut sent = self.link.to_broker.send(ToBroker::Request { bytes, due }).await.is_ok();
            match half_close {
                Some(Side::Broker) => sent &= self.link.to_broker.send(ToBroker::HalfClose).await.is_ok(),
                Some(Side::Client) => sent &= to_client.send(ToClient::HalfClose).await.is_ok(),
                None => {}
            }
            if !sent {
                break;
            }
        }
        self.link.client_is_gone.store(true, Ordering::SeqCst);
        // The writer may have ended before, with the broker.
        let _ended_before = self.link.to_broker.send(ToBroker::End).await;
    }

    async fn write_requests(&self, mut to: WriteHalf<'_>, mut requests: mpsc::Receiver<ToBroker>) {
        let mut closed = false;
        while let Some(next) = requests.recv().await {
            match next {
                ToBroker::Request { bytes, due } => {
                    let conditions = self.until_passable(due, |conditions| conditions.to_broker_stalled).await;
                    if !closed && frame::write(&mut to, &bytes).await.is_err() {
                        // The reader of answers finds the same end.
                        closed = true;
                    }
                    rest(conditions, bytes.len()).await;
                }
                ToBroker::HalfClose => closed |= to.shutdown().await.is_ok(),
                ToBroker::End => break,
            }
        }
        // It fails when the broker was quicker.
        let _closed_anyway = to.shutdown().await;
    }

    async fn read_answers(&self, mut from: ReadHalf<'_>, to_client: mpsc::Sender<ToClient>) {
        while let Ok(Some(answer)) = frame::read(&mut from).await {
            let pending = frame::correlation_id(&answer).map(|id| self.link.pending().remove(&id));
            let Ok(Some(pending)) = pending else {
                return self.refuse(None, &"an answer to no request");
            };
            for id in &pending.passage.releases {
                if let Err(error) = self.hub.shared.release(*id, Some(self.link.number)).await {
                    tracing::warn!(%error, "a held request could not be released");
                }
            }
            if let Some(tell) = pending.tell {
                // Who released it may wait no more.
                let _gone = tell.send(answer.clone());
            }
            if let Some(client) = pending.passage.drop_answer {
                self.dropped(pending.key, client);
                if client == Client::Reset {
                    return;
                }
                continue;
            }
            let mut place = |broker: &Address| self.hub.place(broker);
            let bytes = match rewrite::rewrite(pending.key, pending.version, &answer, &mut place) {
                Ok(rewritten) => rewritten.map_or(answer, Bytes::from),
                Err(error) => return self.refuse(Some(pending.key), &error),
            };
            let due = Instant::now() + pending.passage.answer_delay;
            let key = pending.key;
            if to_client.send(ToClient::Answer { key, bytes, due }).await.is_err() {
                return;
            }
        }
        // The writer ends with the connection only.
        let _ended_before = to_client.send(ToClient::End).await;
    }

    async fn write_answers(&self, mut to: WriteHalf<'_>, mut answers: mpsc::Receiver<ToClient>) {
        let mut closed = false;
        while let Some(next) = answers.recv().await {
            match next {
                ToClient::Answer { key, bytes, due } => {
                    let conditions = self.until_passable(due, |conditions| conditions.to_client_stalled).await;
                    if closed {
                        continue;
                    }
                    // Answers to a client that is gone are read and forgotten: the broker must get what the client has sent.
                    match frame::write(&mut to, &bytes).await {
                        Ok(()) => self.hub.shared.update(|state| state.counts.of_mut(key).answered += 1),
                        Err(_) => closed = true,
                    }
                    rest(conditions, bytes.len()).await;
                }
                ToClient::HalfClose => closed |= to.shutdown().await.is_ok(),
                ToClient::End => break,
            }
        }
        let _closed_anyway = to.shutdown().await;
        self.link.ended.notify_one();
    }

    /// Waits until a frame may go: its time has come, and no blackhole keeps it.
    async fn until_passable(&self, due: Instant, is_stalled: impl Fn(&Conditions) -> bool) -> Conditions {
        let mut changes = self.hub.shared.rules_changed();
        let mut stalled = false;
        loop {
            let conditions = self.hub.shared.look(|state| state.conditions(self.link));
            if is_stalled(&conditions) {
                if !stalled {
                    self.hub.shared.update(|state| state.counts.stalled += 1);
                    stalled = true;
                }
            } else if due + conditions.latency <= Instant::now() {
                return conditions;
            }
            tokio::select! {
                () = tokio::time::sleep_until(due + conditions.latency), if !is_stalled(&conditions) => {}
                // The sender lives as long as the proxy.
                _changed = changes.changed() => {}
            }
        }
    }

    fn dropped(&self, key: ApiKey, client: Client) {
        self.hub.shared.update(|state| {
            let counts = state.counts.of_mut(key);
            counts.dropped += 1;
            counts.resets += u64::from(client == Client::Reset);
        });
        if client == Client::Reset {
            self.link.reset();
        }
    }

    /// Ends the connection rather than pass on what is not understood.
    fn refuse(&self, key: Option<ApiKey>, reason: &dyn Display) {
        let client_id = self.link.client_id().unwrap_or("a client");
        let refusal = format!("the connection of {client_id} to {} is ended: {reason}", self.link.broker);
        tracing::error!("{refusal}");
        self.hub.shared.update(|state| {
            state.counts.of_mut(key.unwrap_or(ApiKey::UNREADABLE)).refused += 1;
            state.counts.last_refusal = Some(refusal);
        });
        self.link.reset();
    }
}

/// The time that so many bytes take on a slow connection.
async fn rest(conditions: Conditions, bytes: usize) {
    if let Some(bytes_per_s) = conditions.bytes_per_s {
        let seconds = (bytes + 4) as f64 / bytes_per_s.max(1) as f64;
        tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
    }
}
