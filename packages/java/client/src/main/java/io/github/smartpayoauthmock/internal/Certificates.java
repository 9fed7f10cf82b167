package io.github.smartpayoauthmock.internal;

import io.github.smartpayoauthmock.SmartpayMockException;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The CA of a server, and client certificates for it. */
public abstract class Certificates implements AutoCloseable {
  /** The files of a client certificate. */
  public record ClientFiles(Path certificate, Path key, Path keyStore) {}

  private Certificates() {}

  /** Returns the certificate of the CA. */
  public abstract Path caFile();

  /** Returns the certificate for a common name. */
  public abstract ClientFiles client(String name);

  /** Removes the files. */
  @Override
  public abstract void close();

  /** Returns those that a new server of our own has, with its {@code --tls-dir}. */
  public static Certificates ofNewServer(Path tlsFolder, TemporaryFolder temporary) {
    return new Issued(tlsFolder, temporary);
  }

  /** Returns those of a server that somebody else started; the certificate and key may be null. */
  public static Certificates given(Path ca, Path certificate, Path key) {
    return new Given(ca, certificate, key);
  }

  private static final class Issued extends Certificates {
    private final Path tlsFolder;
    private final TemporaryFolder temporary;
    private final Map<String, ClientFiles> clients = new ConcurrentHashMap<>();

    Issued(Path tlsFolder, TemporaryFolder temporary) {
      this.tlsFolder = tlsFolder;
      this.temporary = temporary;
    }

    @Override
    public Path caFile() {
      return tlsFolder.resolve("ca.pem");
    }

    @Override
    public ClientFiles client(String name) {
      return clients.computeIfAbsent(name, this::issue);
    }

    private ClientFiles issue(String name) {
      try {
        // The program signs with the CA of the folder, and keeps one client certificate in each.
        Path folder = Files.createTempDirectory(temporary.path(), "client-");
        for (String file : new String[] {"ca.pem", "ca.key"}) {
          Files.copy(tlsFolder.resolve(file), folder.resolve(file));
        }
        run(Program.find().toString(), "certs", folder.toString(), "--client-name=" + name);
        return new ClientFiles(
            folder.resolve("client.pem"),
            folder.resolve("client.key"),
            folder.resolve("client.p12"));
      } catch (IOException e) {
        throw new SmartpayMockException("cannot issue a certificate: " + e, e);
      }
    }

    private static void run(String... command) throws IOException {
      Process process = new ProcessBuilder(command).redirectOutput(Redirect.DISCARD).start();
      process.getOutputStream().close();
      String errors =
          new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      try {
        if (process.waitFor() != 0) {
          throw new IllegalArgumentException(errors);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new SmartpayMockException("interrupted while a certificate is issued", e);
      }
    }

    @Override
    public void close() {
      temporary.close();
    }
  }

  private static final class Given extends Certificates {
    private final Path ca;
    private final Path certificate;
    private final Path key;
    private TemporaryFolder temporary;

    Given(Path ca, Path certificate, Path key) {
      this.ca = ca;
      this.certificate = certificate;
      this.key = key;
    }

    @Override
    public Path caFile() {
      return ca;
    }

    @Override
    public ClientFiles client(String name) {
      if (certificate == null || key == null) {
        throw new IllegalStateException(
            "there is no certificate for \"" + name + "\": only a new server issues them");
      }
      return new ClientFiles(certificate, key, keyStoreFile());
    }

    private synchronized Path keyStoreFile() {
      try {
        if (temporary == null) {
          temporary = TemporaryFolder.create();
        }
        Path file = temporary.path().resolve("client.p12");
        if (!Files.exists(file)) {
          KeyStore store = KeyStores.of(certificate, key);
          try (OutputStream output = Files.newOutputStream(file)) {
            store.store(output, KeyStores.PASSWORD.toCharArray());
          }
        }
        return file;
      } catch (IOException | GeneralSecurityException e) {
        throw new SmartpayMockException("cannot write a key store: " + e, e);
      }
    }

    @Override
    public synchronized void close() {
      if (temporary != null) {
        temporary.close();
      }
    }
  }
}
