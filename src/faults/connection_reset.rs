//! `connection_reset`: a TCP RST in place of an answer.

use super::Wire;

/// A socket that does not linger is reset when it is closed.
pub(super) fn end(stream: impl Wire) {
    // If the option cannot be set, the client sees the connection close, which is close enough.
    let _ = stream.tcp().set_zero_linger();
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;
    use tokio::net::{TcpListener, TcpStream};

    #[tokio::test]
    async fn the_client_sees_a_reset() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        end(listener.accept().await.unwrap().0);
        let error = client.read(&mut [0; 8]).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    }
}
