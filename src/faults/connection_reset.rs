//! `connection_reset`: a TCP RST in place of a response.

use super::Wire;

/// Resets the connection: closing a socket with a linger time of zero sends a RST.
pub(super) fn end(stream: impl Wire) {
    // If the option cannot be set, the connection closes without a response all the same.
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
