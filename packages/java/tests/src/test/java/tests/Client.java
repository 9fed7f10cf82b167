package tests;

import io.github.smartpayoauthmock.SmartpayMock;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;

/** A client of the authorization server, as the code under test would be. */
final class Client {
  private final SmartpayMock mock;
  private final HttpClient http;

  Client(SmartpayMock mock) {
    this.mock = mock;
    this.http = HttpClient.newHttpClient();
  }

  Client(SmartpayMock mock, SSLContext context) {
    this.mock = mock;
    this.http = HttpClient.newBuilder().sslContext(context).build();
  }

  HttpResponse<String> exchange(String code) {
    return token("grant_type", "authorization_code", "code", code);
  }

  HttpResponse<String> refresh(String refreshToken) {
    return token("grant_type", "refresh_token", "refresh_token", refreshToken);
  }

  HttpResponse<String> pay(String accessToken) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(mock.baseUrl() + "/pts/v2/payments"))
            .header("Authorization", "Bearer " + accessToken)
            .POST(BodyPublishers.ofString("{}"));
    return send(request);
  }

  HttpResponse<String> get(URI url) {
    return send(HttpRequest.newBuilder(url));
  }

  private HttpResponse<String> token(String... parameters) {
    Map<String, String> form = new LinkedHashMap<>();
    form.put("client_id", mock.clientId());
    form.put("client_secret", mock.clientSecret());
    for (int i = 0; i < parameters.length; i += 2) {
      form.put(parameters[i], parameters[i + 1]);
    }
    String body =
        form.entrySet().stream()
            .map(entry -> entry.getKey() + "=" + encode(entry.getValue()))
            .collect(Collectors.joining("&"));
    return send(
        HttpRequest.newBuilder(mock.tokenUrl())
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(BodyPublishers.ofString(body)));
  }

  private HttpResponse<String> send(HttpRequest.Builder request) {
    try {
      return http.send(request.timeout(Duration.ofSeconds(30)).build(), BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String encode(String value) {
    return URLEncoder.encode(value, StandardCharsets.UTF_8);
  }
}
