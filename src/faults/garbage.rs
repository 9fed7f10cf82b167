//! `garbage`: bytes that are not HTTP, then a closed connection.

use tokio::io::AsyncWriteExt;

use super::Wire;

/// Bytes that no parser accepts as a status line.
const GARBAGE: &[u8] = b"\x00\xff\x13\x37 this is not HTTP \xfe\r\n\r\n\x00";

/// Sends the bytes and closes the connection.
pub(super) async fn end(mut stream: impl Wire) {
    // Fails only if the client has closed the connection already.
    let _ = stream.write_all(GARBAGE).await;
    let _ = stream.shutdown().await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;
    use tokio::net::{TcpListener, TcpStream};

    #[tokio::test]
    async fn the_client_sees_the_garbage() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        end(listener.accept().await.unwrap().0).await;
        let mut received = Vec::new();
        client.read_to_end(&mut received).await.unwrap();
        assert_eq!(received, GARBAGE);
    }
}
