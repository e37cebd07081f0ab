package io.github.pgwatchrpc.server;

import io.github.pgwatchrpc.rpc.tls.ClientCertificates;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of {@code serve} and {@code demo}, as they were given. */
final class ServeOptions {

    static final String DEFAULT_LISTEN = "0.0.0.0:5000";
    static final String DEFAULT_WEB = "127.0.0.1:5001";

    @Option(
            names = "--listen",
            paramLabel = "HOST:PORT",
            defaultValue = DEFAULT_LISTEN,
            description = "where pgwatch connects to (default: ${DEFAULT-VALUE}); port 0 takes a free one")
    String listen = DEFAULT_LISTEN;

    @Option(
            names = "--sink",
            paramLabel = "URI",
            split = "\n",
            description = "where measurements go; can be repeated (default: jsonfile:DATA/measurements.jsonl)")
    List<String> sinks = new ArrayList<>();

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "YAML file with the same options, without dashes in front")
    @Nullable
    Path config;

    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            defaultValue = "./pgwatch-rpc-data",
            description = "the receiver's own files (default: ${DEFAULT-VALUE})")
    Path dataDir = Path.of("./pgwatch-rpc-data");

    @Option(
            names = "--web-addr",
            paramLabel = "HOST:PORT",
            defaultValue = DEFAULT_WEB,
            description = "/liveness, /readiness, /metrics, /api/status (default: ${DEFAULT-VALUE}); off to disable")
    String webAddress = DEFAULT_WEB;

    @Option(
            names = "--plaintext",
            paramLabel = "loopback|always|never",
            defaultValue = "loopback",
            description =
                    "from where connections without TLS are taken; others are told in their own protocol to use TLS "
                            + "(default: ${DEFAULT-VALUE})")
    Plaintext plaintext = Plaintext.LOOPBACK;

    @Option(
            names = "--tls-host",
            paramLabel = "NAME",
            split = "\n",
            description =
                    "a name or address that the receiver's own certificate is for besides those of this machine; can be repeated")
    List<String> tlsHosts = new ArrayList<>();

    @Option(
            names = "--tls-cert",
            paramLabel = "FILE",
            description =
                    "a certificate of your own (PEM, with its chain) instead of the receiver's; read again when it changes")
    @Nullable
    Path tlsCert;

    @Option(names = "--tls-key", paramLabel = "FILE", description = "its private key (PEM, no passphrase)")
    @Nullable
    Path tlsKey;

    @Option(
            names = "--tls-client-ca",
            paramLabel = "FILE",
            description = "PEM: clients show a certificate of these authorities (mTLS)")
    @Nullable
    Path tlsClientCa;

    @Option(
            names = "--tls-client-auth",
            paramLabel = "optional|required",
            defaultValue = "required",
            description =
                    "whether, with --tls-client-ca, a client may come without a certificate; one that it shows has to "
                            + "be good (default: ${DEFAULT-VALUE})")
    ClientCertificates tlsClientAuth = ClientCertificates.REQUIRED;

    @Option(
            names = "--durability",
            paramLabel = "fsync|flush",
            defaultValue = "fsync",
            description =
                    "what is true when a call is answered: fsync, the rows are on the disk (survives a power cut); "
                            + "flush, the system has them (survives a crash of the receiver) (default: ${DEFAULT-VALUE})")
    Durability durability = Durability.FSYNC;

    @Option(
            names = "--ack-timeout",
            paramLabel = "TIME",
            defaultValue = "5s",
            description = "after which a call that could not be stored is answered with an error, since pgwatch would "
                    + "wait for ever (default: ${DEFAULT-VALUE}; ms, s, m)")
    Duration ackTimeout = Duration.ofSeconds(5);

    @Option(
            names = "--log-level",
            paramLabel = "LEVEL",
            defaultValue = "info",
            description = "error, warn, info, debug (default: ${DEFAULT-VALUE})")
    String logLevel = "info";

    @Option(
            names = "--log-format",
            paramLabel = "text|json",
            defaultValue = "text",
            description = "of the log, which goes to stderr (default: ${DEFAULT-VALUE})")
    String logFormat = "text";
}
