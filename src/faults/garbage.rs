//! `garbage`: bytes that are not HTTP, then the end.

use tokio::io::AsyncWriteExt;

use super::Wire;

/// No parser can take this for a status line.
const GARBAGE: &[u8] = b"\x00\xff\x13\x37 this is not HTTP \xfe\r\n\r\n\x00";

pub(super) async fn end(mut stream: impl Wire) {
    // A client that has gone already has nothing to be told.
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
        let mut seen = Vec::new();
        client.read_to_end(&mut seen).await.unwrap();
        assert_eq!(seen, GARBAGE);
    }
}
