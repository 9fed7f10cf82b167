//! `empty_response`: the connection closes normally, without a byte of a response.

use super::Wire;

/// Closes the socket, over TLS without a close_notify alert.
pub(super) fn end(stream: impl Wire) {
    drop(stream);
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;
    use tokio::net::{TcpListener, TcpStream};

    #[tokio::test]
    async fn the_client_sees_the_connection_close() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        end(listener.accept().await.unwrap().0);
        assert_eq!(client.read(&mut [0; 8]).await.unwrap(), 0);
    }
}
