package io.github.pgwatchrpc.server;

import io.github.pgwatchrpc.delivery.DeliveryConfig;
import io.github.pgwatchrpc.delivery.spool.Durability;
import io.github.pgwatchrpc.delivery.worker.SinkTarget;
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
            paramLabel = "[NAME=]URI",
            split = "\n",
            description =
                    "where measurements go, with a name in front by which the receiver knows how far the sink is; can be "
                            + "repeated (default: default=jsonfile:DATA/measurements.jsonl)")
    List<String> sinks = new ArrayList<>();

    @Option(
            names = "--plugin-dir",
            paramLabel = "DIR",
            description = "more kinds of sinks: each jar, and each directory of jars, is a plug-in")
    @Nullable
    Path pluginDir;

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
            names = "--web-host",
            paramLabel = "NAME",
            split = "\n",
            description =
                    "a name by which browsers may ask for these pages besides addresses, localhost and the names of "
                            + "this machine; can be repeated")
    List<String> webHosts = new ArrayList<>();

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
            description = "PEM: clients are asked for a certificate of these authorities (mTLS)")
    @Nullable
    Path tlsClientCa;

    @Option(
            names = "--tls-client-auth",
            paramLabel = "required|optional",
            description = "whether a client may come without such a certificate (default: required)")
    @Nullable
    ClientCertificates tlsClientAuth;

    @Option(
            names = "--auth",
            paramLabel = "key|certificate|none",
            defaultValue = "key",
            description =
                    "what a caller has to show: a key; a certificate of --tls-client-ca or a key; nothing (default: ${DEFAULT-VALUE})")
    Auth auth = Auth.KEY;

    @Option(
            names = "--api-key",
            paramLabel = "new|keep",
            defaultValue = "new",
            description =
                    "whether a start makes a new key in DATA/api-key, and the old one stops working, or keeps the one "
                            + "that is there (default: ${DEFAULT-VALUE})")
    ApiKeyMode apiKey = ApiKeyMode.NEW;

    @Option(
            names = "--api-key-file",
            paramLabel = "FILE",
            description = "a key that somebody else looks after, instead of DATA/api-key; read again when it changes")
    @Nullable
    Path apiKeyFile;

    @Option(
            names = "--keys",
            paramLabel = "FILE",
            description =
                    "more keys, with names, ends, databases, scopes and limits; read again when it changes, see the command keys")
    @Nullable
    Path keys;

    @Option(
            names = "--trust",
            paramLabel = "CIDR",
            split = "\n",
            description = "a network from which no key is needed, such as 10.1.0.0/16; can be repeated")
    List<String> trust = new ArrayList<>();

    @Option(
            names = "--server-username",
            paramLabel = "NAME",
            defaultValue = "",
            description = "with --server-password: one more way in for gRPC; better as PGWATCH_RPC_SERVER_USERNAME")
    String serverUsername = "";

    @Option(
            names = "--server-password",
            paramLabel = "PASSWORD",
            description =
                    "its password; better as PGWATCH_RPC_SERVER_PASSWORD, which no other user of the machine sees")
    @Nullable
    String serverPassword;

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
            names = "--spool-max-bytes",
            paramLabel = "BYTES",
            defaultValue = "10GB",
            converter = Sizes.class,
            description = "how large the log may become of what some sink has not got yet; calls get an error above it "
                    + "(default: ${DEFAULT-VALUE})")
    long spoolMaxBytes = DeliveryConfig.DEFAULT_MAX_BYTES;

    @Option(
            names = "--spool-min-free",
            paramLabel = "BYTES",
            defaultValue = "256MB",
            converter = Sizes.class,
            description = "what stays free on its disk; calls get an error below it (default: ${DEFAULT-VALUE})")
    long spoolMinFree = DeliveryConfig.DEFAULT_MIN_FREE_BYTES;

    @Option(
            names = "--new-sink",
            paramLabel = "now|beginning",
            defaultValue = "now",
            description =
                    "where a sink begins that was not there before: with what comes from now on, or with the oldest "
                            + "rows that the spool still has (default: ${DEFAULT-VALUE})")
    SinkTarget.Start newSink = SinkTarget.Start.NOW;

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
