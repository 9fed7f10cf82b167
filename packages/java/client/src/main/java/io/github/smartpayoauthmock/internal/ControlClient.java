package io.github.smartpayoauthmock.internal;

import io.github.smartpayoauthmock.SmartpayMockException;
import io.github.smartpayoauthmock.internal.HttpConnection.Response;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.function.Function;
import javax.net.ssl.SSLContext;

/** Sends calls to the control API of a server. Threads may share it. */
public final class ControlClient implements AutoCloseable {
  private static final int TIMEOUT_MS = 60_000;

  private final String host;
  private final int port;
  private final String prefix;
  private final SSLContext context;
  private final String token;
  private final Function<IOException, String> explain;
  private final ConcurrentLinkedDeque<HttpConnection> idle = new ConcurrentLinkedDeque<>();

  /**
   * Creates a client without connecting.
   *
   * @param server the URL of the server
   * @param context what an https server is trusted by; null for http
   * @param token the control token; may be null
   * @param explain what a call that finds no server says about it
   */
  public ControlClient(
      URI server, SSLContext context, String token, Function<IOException, String> explain) {
    this.host = server.getHost();
    this.port =
        server.getPort() >= 0 ? server.getPort() : "https".equals(server.getScheme()) ? 443 : 80;
    String path = server.getPath();
    this.prefix = path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
    this.context = context;
    this.token = token;
    this.explain = explain;
  }

  /**
   * Sends a call and returns the JSON object of its response; an empty one if there is no body.
   *
   * @param body the JSON of the body; null for none
   * @throws IllegalArgumentException if the server refuses the call
   * @throws NoSuchElementException if what the call names is not there
   * @throws SmartpayMockException if there is no server, or it fails
   */
  public Map<String, Object> call(String method, String path, Object body) {
    byte[] content = body == null ? null : Json.write(body).getBytes(StandardCharsets.UTF_8);
    return send(method, path, content, "application/json", Duration.ZERO);
  }

  /** Sends a call with a body of any type. The response may take up to {@code wait} longer. */
  public Map<String, Object> send(
      String method, String path, byte[] content, String contentType, Duration wait) {
    Map<String, String> headers = new LinkedHashMap<>();
    if (token != null) {
      headers.put("Authorization", "Bearer " + token);
    }
    if (content != null) {
      headers.put("Content-Type", contentType);
    }

    long timeout = Math.min(Integer.MAX_VALUE, TIMEOUT_MS + wait.toMillis());
    try {
      byte[] body = content == null ? new byte[0] : content;
      Response response = exchange(method, prefix + path, body, headers, (int) timeout);
      return ResponseReader.read(method, path, response.status(), response.body());
    } catch (IOException e) {
      throw new SmartpayMockException(explain.apply(e), e);
    }
  }

  private Response exchange(
      String method, String target, byte[] body, Map<String, String> headers, int timeoutMs)
      throws IOException {
    // The server closes a connection that has been idle for a minute.
    for (HttpConnection used = idle.poll(); used != null; used = idle.poll()) {
      try {
        return request(used, method, target, body, headers, timeoutMs);
      } catch (HttpConnection.ClosedBeforeResponseException e) {
        // The next one may be open.
      }
    }
    HttpConnection connection = new HttpConnection(host, port, context);
    return request(connection, method, target, body, headers, timeoutMs);
  }

  private Response request(
      HttpConnection connection,
      String method,
      String target,
      byte[] body,
      Map<String, String> headers,
      int timeoutMs)
      throws IOException {
    boolean isReusable = false;
    try {
      Response response = connection.request(method, target, body, headers, timeoutMs);
      isReusable = connection.isOpen();
      return response;
    } finally {
      if (isReusable) {
        idle.push(connection);
      } else {
        connection.close();
      }
    }
  }

  /** Returns a value in the form that it has in a path or query. */
  public static String encode(String value) {
    return URLEncoder.encode(value, StandardCharsets.UTF_8).replace("+", "%20");
  }

  /** Closes all connections. */
  @Override
  public void close() {
    for (HttpConnection used = idle.poll(); used != null; used = idle.poll()) {
      used.close();
    }
  }
}
