//! `$connect` of `/ws/generation/{session_id}?token=` and `/ws/image/{image_id}?token=`

use domain::generation::Job;
use domain::kernel::{AuthFailure, Error, JobId, JobKind, Resource, Result};
use domain::realtime::ReplayMessage;
use edge::Handshake;

use crate::Socket;

/// Subscribes the owner of a job. The frames so far are sent by a worker: API Gateway takes none until the handshake is
/// over.
pub(crate) async fn connect(socket: &Socket, handshake: Handshake) -> Result<()> {
    let token = handshake.token.as_deref().ok_or(Error::Unauthenticated(AuthFailure::TokenInvalid))?;
    let caller = socket.identity.authenticate(token)?;
    let (kind, id) = watched(&handshake.path)?;
    let job = socket.jobs.get(caller.user, kind, id).await?;
    let (kind, channel) = latest(&job);
    socket.connections.open(&handshake.connection, channel).await?;
    let greeting = ReplayMessage { connection: handshake.connection, kind, channel, owner: caller.user };
    Ok(socket.replays.send(&greeting).await?)
}

/// The job that a path names. Any other path is an unknown session.
fn watched(path: &str) -> Result<(JobKind, JobId)> {
    let kinds = [("/ws/generation/", JobKind::Text), ("/ws/image/", JobKind::Image)];
    let found = kinds.into_iter().find_map(|(prefix, kind)| Some((kind, path.strip_prefix(prefix)?)));
    let Some((kind, id)) = found else { return Err(Error::NotFound(Resource::SESSION)) };
    let missing = if kind == JobKind::Image { Resource::IMAGE } else { Resource::SESSION };
    let id = id.trim_end_matches('/').parse().map_err(|_| Error::NotFound(missing))?;
    Ok((kind, id))
}

/// For an image with an upscaling, that.
fn latest(job: &Job) -> (JobKind, JobId) {
    match job.successor {
        Some(upscale) => (JobKind::Upscale, upscale),
        None => (job.kind, job.id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_what_is_watched() {
        let id = "0192f0c1-2a3b-7c4d-8e5f-6a7b8c9d0e1f";
        let watched_as = |path: String| watched(&path).map(|(kind, job)| (kind, job.to_string()));
        for end in ["", "/"] {
            assert_eq!(watched_as(format!("/ws/generation/{id}{end}")).unwrap(), (JobKind::Text, id.to_owned()));
            assert_eq!(watched_as(format!("/ws/image/{id}{end}")).unwrap(), (JobKind::Image, id.to_owned()));
        }
        for bad in ["", "/ws/generation/", "/ws/upscale/0192f0c1-2a3b-7c4d-8e5f-6a7b8c9d0e1f", "/ws/generation/../x"] {
            assert!(matches!(watched(bad), Err(Error::NotFound(Resource::SESSION))), "{bad}");
        }
        assert!(matches!(watched("/ws/image/x"), Err(Error::NotFound(Resource::IMAGE))));
    }
}
