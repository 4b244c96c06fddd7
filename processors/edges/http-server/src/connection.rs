//! One connection, from its first byte to its orderly end.

use crate::answer::Answer;
use crate::body::Body;
use crate::closing::close;
use crate::exchange::{CloseReason, Exchange};
use crate::handshake::{Handshake, handshake};
use crate::parameters::percent_decode;
use crate::problem::Problem;
use crate::request::{Handler, Request};
use crate::shaping::FormPreferences;
use crate::shared::Shared;
use crate::transport::Transport;
use crate::wire::Wire;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use warp::http::header::{ALLOW, CONNECTION};
use warp::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use warp::path::FullPath;
use warp::reply::Response;
use warp::{Filter, Reply};

/// How large the head of a request may be.
pub(crate) const HEAD_BYTES_MAX: usize = 64 << 10;

/// Why a connection came to its end.
enum End {
    Done(Result<(), hyper::Error>),
    CloseReason(CloseReason),
}

/// Serves one connection until it ends, is cut, or the server stops.
pub(crate) async fn converse<H: Handler>(stream: TcpStream, shared: &Arc<Shared<H>>, closed: watch::Receiver<bool>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let place = shared.connections.enter(Instant::now());
    let exchange = &place.exchange;
    let transport = match &shared.tls {
        None => Transport::Plain(stream),
        Some(config) => match handshake(stream, config, exchange, closed.clone()).await {
            Handshake::Done(transport) => transport,
            Handshake::Ended => return Ok(()),
            Handshake::CloseReason(cut) => {
                shared.metrics.count_cut(cut);
                return Ok(());
            }
            Handshake::NoTls(stream) => return close(stream, Some(Answer::from(Problem::tls_wanted()))).await,
        },
    };
    let stream = Arc::new(transport);
    let end = serve(&stream, shared, exchange, closed).await;
    let last_words = match end {
        End::Done(Ok(())) => exchange.refusal().map(|status| Problem::of_refusal(&status)),
        End::Done(Err(error)) => match exchange.refusal() {
            Some(status) => Some(Problem::of_refusal(&status)),
            None if error.is_parse() && exchange.is_written() => Some(Problem::no_request()),
            None => {
                tracing::debug!(%error, "a connection ended early");
                return Ok(());
            }
        },
        End::CloseReason(cut) => {
            shared.metrics.count_cut(cut);
            match cut {
                CloseReason::Head => Some(Problem::head_timeout(shared.limits.head_wait_max)),
                // What is in the middle of an answer cannot be answered otherwise.
                CloseReason::Body => exchange.is_written().then(Problem::body_timeout),
                CloseReason::Idle | CloseReason::Write | CloseReason::ForOthers => return Ok(()),
            }
        }
    };
    match Arc::into_inner(stream) {
        Some(transport) => transport.close(last_words.map(Answer::from)).await,
        None => Ok(()),
    }
}

async fn serve<H: Handler>(
    stream: &Arc<Transport>,
    shared: &Arc<Shared<H>>,
    exchange: &Arc<Exchange>,
    mut closed: watch::Receiver<bool>,
) -> End {
    let mut builder = hyper::server::conn::http1::Builder::new();
    // Times are kept by `Connections`.
    builder.max_buf_size(HEAD_BYTES_MAX).header_read_timeout(None);
    let wire = TokioIo::new(Wire::new(Arc::clone(stream), Arc::clone(exchange)));
    let filter = filter(Arc::clone(shared), Arc::clone(exchange));
    let answering = TowerToHyperService::new(warp::service(filter));
    let service = service_fn(move |request| answering.call(with_path(request)));
    let mut connection = pin!(builder.serve_connection(wire, service));
    let mut is_closing = false;
    loop {
        tokio::select! {
            biased;
            cut = exchange.cut() => return End::CloseReason(cut),
            ended = connection.as_mut() => return End::Done(ended),
            _closed = closed.wait_for(|closed| *closed), if !is_closing => {
                is_closing = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// A request of CONNECT names no path, without which warp panics. It is refused like any other.
fn with_path<B>(mut request: warp::http::Request<B>) -> warp::http::Request<B> {
    if request.uri().path_and_query().is_none() {
        *request.uri_mut() = Uri::from_static("/");
    }
    request
}

/// One filter for every path: handlers route by themselves.
fn filter<H: Handler>(shared: Arc<Shared<H>>, exchange: Arc<Exchange>) -> impl Filter<Extract = (impl Reply,), Error = Infallible> + Clone {
    let query = warp::query::raw().or_else(|_none| async { Ok::<_, Infallible>((String::new(),)) });
    warp::method()
        .and(warp::path::full())
        .and(query)
        .and(warp::header::headers_cloned())
        .and(body(Arc::clone(&shared), Arc::clone(&exchange)))
        .then(
            move |method: Method, path: FullPath, query: String, headers: HeaderMap, body: Body| {
                let (shared, exchange) = (Arc::clone(&shared), Arc::clone(&exchange));
                async move {
                    let request = Request {
                        method: &method,
                        path: path.as_str(),
                        query: &query,
                        headers: &headers,
                        body: &body,
                    };
                    respond(&shared, &exchange, request).await
                }
            },
        )
}

fn body<H: Handler>(shared: Arc<Shared<H>>, exchange: Arc<Exchange>) -> impl Filter<Extract = (Body,), Error = Infallible> + Clone {
    warp::body::stream()
        .map(move |stream| Body::of(stream, Arc::clone(&exchange), &shared.body_bytes, shared.limits.body_wait_max))
        // Only where another filter has taken the body.
        .or_else(|_taken| async { Ok::<_, Infallible>((Body::default(),)) })
}

async fn respond<H: Handler>(shared: &Shared<H>, exchange: &Exchange, request: Request<'_>) -> Response {
    exchange.asked();
    let answer = match request.check(|| shared.handler.methods(request.path).contains(&"GET")) {
        // What follows the head may be anything.
        Err(problem) => Answer::from(problem).with_header(CONNECTION, HeaderValue::from_static("close")),
        Ok(()) => match timeout(shared.limits.answer_wait_max, answer(shared, request)).await {
            Ok(answer) => answer,
            Err(_elapsed) => Problem::busy("the answer took too long").into(),
        },
    };
    let answer = answer.with_headers(shared.origins.headers(request.method, request.headers).await);
    if answer.is_stream() {
        exchange.answered_open_ended();
        return answer.into_small_response();
    }
    let body_bytes = match *request.method {
        Method::HEAD => 0,
        _ => answer.body().len(),
    };
    let hold = |body| shared.answer_bytes.hold(body).ok_or(());
    let (response, body_bytes) = match answer.into_response(hold) {
        Ok(response) => (response, body_bytes),
        Err(()) => {
            let answer = Answer::from(Problem::busy("clients have not read too many bytes of answers yet"));
            let body_bytes = if body_bytes == 0 { 0 } else { answer.body().len() };
            (answer.into_small_response(), body_bytes)
        }
    };
    exchange.answered(body_bytes as u64, Instant::now());
    response
}

/// The answer to a request in the form that its client wants.
async fn answer<H: Handler>(shared: &Shared<H>, request: Request<'_>) -> Answer {
    if percent_decode(request.path).is_none() {
        return Problem::bad_parameter("path", request.path, "percent-encoded UTF-8").into();
    }
    if *request.method == Method::OPTIONS {
        return options(shared, &request);
    }
    let (preferences, query) = match FormPreferences::of(request.query, request.headers) {
        Ok(preferences) => preferences,
        Err(problem) => return problem.into(),
    };
    let request = Request { query: &query, ..request };
    let answer = shared.handler.answer(request).await;
    shared.shaping.shaped(answer, preferences).await
}

/// What is possible at a path (RFC 9110, 9.3.7).
fn options<H: Handler>(shared: &Shared<H>, request: &Request<'_>) -> Answer {
    let methods = shared.handler.methods(request.path);
    if methods.is_empty() {
        return Problem::nothing_at(request.path).into();
    }
    let allowed = HeaderValue::try_from(methods.join(", "));
    let allowed = allowed.unwrap_or(HeaderValue::from_static("OPTIONS"));
    Answer::empty(StatusCode::NO_CONTENT).with_header(ALLOW, allowed)
}
