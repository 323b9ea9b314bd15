//! `$connect` of `/ws/generation/{session_id}?token=`

use domain::kernel::{AuthFailure, Error, JobId, Resource, Result};
use domain::realtime::GreetMessage;
use edge::Handshake;

use crate::Socket;

/// Lets the owner of a session watch it, and has the fresh connection greeted: the gateway takes no frames until the handshake is over.
pub(crate) async fn connect(socket: &Socket, handshake: Handshake) -> Result<()> {
    let token = handshake.token.as_deref().ok_or(Error::Unauthenticated(AuthFailure::TokenInvalid))?;
    let caller = socket.identity.authenticate(token)?;
    let session = session(&handshake.path)?;
    socket.jobs.check_owner(caller.user, session).await?;
    socket.connections.open(&handshake.connection, session).await?;
    let greeting = GreetMessage { connection: handshake.connection, channel: session, owner: caller.user };
    Ok(socket.greetings.send(&greeting).await?)
}

/// The session of a path; any other path has none.
fn session(path: &str) -> Result<JobId> {
    let id = path.strip_prefix("/ws/generation/").map(|rest| rest.trim_end_matches('/'));
    id.and_then(|id| id.parse().ok()).ok_or(Error::NotFound(Resource::Session))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_generation_paths_have_a_session() {
        let id = "0192f0c1-2a3b-7c4d-8e5f-6a7b8c9d0e1f";
        assert_eq!(session(&format!("/ws/generation/{id}")).unwrap().to_string(), id);
        assert_eq!(session(&format!("/ws/generation/{id}/")).unwrap().to_string(), id);
        for bad in ["", "/ws/generation/", "/ws/image/0192f0c1-2a3b-7c4d-8e5f-6a7b8c9d0e1f", "/ws/generation/../x"] {
            assert!(session(bad).is_err(), "{bad}");
        }
    }
}
