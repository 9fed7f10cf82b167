package io.github.smartpayoauthmock;

import io.github.smartpayoauthmock.internal.Certificates;
import io.github.smartpayoauthmock.internal.KeyStores;
import java.nio.file.Path;
import java.security.KeyStore;
import javax.net.ssl.SSLContext;

/** A client certificate with its key: as files, and in memory. */
public final class ClientCertificate {
  private final Certificates.ClientFiles files;
  private final Path caFile;

  ClientCertificate(Certificates.ClientFiles files, Path caFile) {
    this.files = files;
    this.caFile = caFile;
  }

  /**
   * Returns the file with the certificate.
   *
   * @return a file in PEM
   */
  public Path certificateFile() {
    return files.certificate();
  }

  /**
   * Returns the file with the key.
   *
   * @return a file in PEM (PKCS #8)
   */
  public Path keyFile() {
    return files.key();
  }

  /**
   * Returns the file with both.
   *
   * @return a file in PKCS #12, with the password {@link #password}
   */
  public Path keyStoreFile() {
    return files.keyStore();
  }

  /**
   * Returns the password of the key store and its file.
   *
   * @return the password
   */
  public String password() {
    return KeyStores.PASSWORD;
  }

  /**
   * Returns the certificate and its key in memory, with the password {@link #password}.
   *
   * @return a new key store
   */
  public KeyStore keyStore() {
    return KeyStores.of(files.certificate(), files.key());
  }

  /**
   * Returns what a client needs for mutual TLS: it trusts the CA of the server and presents this
   * certificate.
   *
   * @return a new context
   */
  public SSLContext sslContext() {
    return KeyStores.context(KeyStores.trusting(caFile), keyStore());
  }
}
