//! `empty_response`: the connection closes in good order, and without a byte.

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

pub(super) async fn end(mut stream: TcpStream) {
    // A client that has gone already has nothing to be told.
    let _ = stream.shutdown().await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn the_client_sees_the_end_at_once() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        end(listener.accept().await.unwrap().0).await;
        assert_eq!(client.read(&mut [0; 8]).await.unwrap(), 0);
    }
}
