package io.github.smartpayoauthmock.internal;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/**
 * A connection for one control call after the other (HTTP/1.1).
 *
 * <p>The first request of {@code java.net.http.HttpClient} takes a quarter of a second, many times
 * as long as the server takes to start, and {@code HttpURLConnection} has no PATCH.
 */
final class HttpConnection implements AutoCloseable {
  private static final int CONNECT_TIMEOUT_MS = 10_000;

  private final String host;
  private final Socket socket;
  private final InputStream input;
  private boolean isOpen = true;

  /** A response: its status and its body. */
  record Response(int status, String body) {}

  HttpConnection(String host, int port, SSLContext context) throws IOException {
    this.host = host.concat(":").concat(Integer.toString(port));
    Socket plain = connect(withoutBrackets(host), port);
    try {
      plain.setTcpNoDelay(true);
      plain.setSoTimeout(CONNECT_TIMEOUT_MS);
      socket = context == null ? plain : secure(plain, host, port, context);
      input = new BufferedInputStream(socket.getInputStream());
    } catch (IOException e) {
      plain.close();
      throw e;
    }
  }

  /** Connects to the first address of a host that accepts: localhost may be 127.0.0.1 or ::1. */
  private static Socket connect(String host, int port) throws IOException {
    IOException failure = null;
    for (InetAddress address : InetAddress.getAllByName(host)) {
      Socket socket = new Socket();
      try {
        socket.connect(new InetSocketAddress(address, port), CONNECT_TIMEOUT_MS);
        return socket;
      } catch (IOException e) {
        socket.close();
        failure = failure == null ? e : failure;
      }
    }
    throw failure;
  }

  private static Socket secure(Socket plain, String host, int port, SSLContext context)
      throws IOException {
    SSLSocket socket =
        (SSLSocket)
            context.getSocketFactory().createSocket(plain, withoutBrackets(host), port, true);
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    socket.setSSLParameters(parameters);
    socket.startHandshake();
    return socket;
  }

  private static String withoutBrackets(String host) {
    return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
  }

  /** Returns whether the connection can take another request. */
  boolean isOpen() {
    return isOpen;
  }

  /**
   * Sends a request and returns its response.
   *
   * @throws ClosedBeforeResponseException if the server has closed the connection before
   */
  Response request(
      String method, String target, byte[] body, Map<String, String> headers, int timeoutMs)
      throws IOException {
    socket.setSoTimeout(timeoutMs);
    int status;
    try {
      send(method, target, body, headers);
      status = readStatus();
    } catch (SocketTimeoutException e) {
      throw e;
    } catch (EOFException | SocketException e) {
      throw new ClosedBeforeResponseException(e);
    }

    Map<String, String> received = readHeaders();
    String content = status == 204 ? "" : readBody(received);
    if ("close".equalsIgnoreCase(received.get("connection"))) {
      isOpen = false;
    }
    return new Response(status, content);
  }

  private void send(String method, String target, byte[] body, Map<String, String> headers)
      throws IOException {
    StringBuilder head = new StringBuilder(256);
    head.append(method).append(' ').append(target).append(" HTTP/1.1\r\nHost: ").append(host);
    head.append("\r\nContent-Length: ").append(body.length).append("\r\n");
    headers.forEach((name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
    byte[] start = head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);

    byte[] request = new byte[start.length + body.length];
    System.arraycopy(start, 0, request, 0, start.length);
    System.arraycopy(body, 0, request, start.length, body.length);
    socket.getOutputStream().write(request);
  }

  private int readStatus() throws IOException {
    String line = readLine();
    if (!line.startsWith("HTTP/1.") || line.length() < 12) {
      throw new IOException("what was received is not HTTP");
    }
    try {
      return Integer.parseInt(line.substring(9, 12));
    } catch (NumberFormatException e) {
      throw new IOException("what was received is not HTTP", e);
    }
  }

  private Map<String, String> readHeaders() throws IOException {
    Map<String, String> headers = new TreeMap<>();
    for (String line = readLine(); !line.isEmpty(); line = readLine()) {
      int colon = line.indexOf(':');
      if (colon > 0) {
        headers.put(
            line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
      }
    }
    return headers;
  }

  private String readBody(Map<String, String> headers) throws IOException {
    byte[] body;
    if ("chunked".equalsIgnoreCase(headers.get("transfer-encoding"))) {
      body = readChunks();
    } else if (headers.containsKey("content-length")) {
      body = read(Integer.parseInt(headers.get("content-length")));
    } else {
      isOpen = false;
      body = input.readAllBytes();
    }
    return new String(body, StandardCharsets.UTF_8);
  }

  private byte[] readChunks() throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    while (true) {
      int size = Integer.parseInt(readLine().split(";", 2)[0].strip(), 16);
      if (size == 0) {
        readHeaders(); // the trailer
        return body.toByteArray();
      }
      body.write(read(size));
      readLine();
    }
  }

  private byte[] read(int size) throws IOException {
    byte[] bytes = input.readNBytes(size);
    if (bytes.length < size) {
      throw new EOFException("the response is incomplete");
    }
    return bytes;
  }

  private String readLine() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream(80);
    for (int next = input.read(); next != '\n'; next = input.read()) {
      if (next < 0) {
        throw new EOFException("the connection was closed");
      }
      if (next != '\r') {
        line.write(next);
      }
    }
    return line.toString(StandardCharsets.ISO_8859_1);
  }

  @Override
  public void close() {
    isOpen = false;
    try {
      socket.close();
    } catch (IOException e) {
      // It is closed either way.
    }
  }

  /** The server closed the connection before it sent a response: another one may serve the call. */
  static final class ClosedBeforeResponseException extends IOException {
    private static final long serialVersionUID = 1;

    ClosedBeforeResponseException(IOException cause) {
      super(cause.getMessage(), cause);
    }
  }
}
