package io.github.pgwatchrpc.sink.mongo;

import com.mongodb.ConnectionString;
import com.mongodb.MongoClientSettings;
import com.mongodb.WriteConcern;
import io.github.pgwatchrpc.sink.SinkConfig;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The connection string, which is the driver's own and reaches it untouched. It may hold a password, so nothing here shows
 * it. Immutable.
 */
final class DriverUri {

    /**
     * The options that the driver reads, in lower case. Those that it has given up are not among them: it only warns of
     * them, and of those that it does not know at all.
     *
     * <p>Source: <a href="https://www.mongodb.com/docs/manual/reference/connection-string-options/">Connection String
     * Options</a>, as far as version 5 of the driver has them.
     */
    static final Set<String> OPTIONS = Set.of(
            "appname",
            "authmechanism",
            "authmechanismproperties",
            "authsource",
            "compressors",
            "connecttimeoutms",
            "directconnection",
            "enableoverloadretargeting",
            "gssapiservicename",
            "heartbeatfrequencyms",
            "journal",
            "loadbalanced",
            "localthresholdms",
            "maxadaptiveretries",
            "maxconnecting",
            "maxidletimems",
            "maxlifetimems",
            "maxpoolsize",
            "maxstalenessseconds",
            "minpoolsize",
            "proxyhost",
            "proxypassword",
            "proxyport",
            "proxyusername",
            "readconcernlevel",
            "readpreference",
            "readpreferencetags",
            "replicaset",
            "retryreads",
            "retrywrites",
            "safe",
            "servermonitoringmode",
            "serverselectiontimeoutms",
            "sockettimeoutms",
            "srvallowedhostssuffix",
            "srvmaxhosts",
            "srvservicename",
            "ssl",
            "sslinvalidhostnameallowed",
            "timeoutms",
            "tls",
            "tlsallowinvalidhostnames",
            "tlsinsecure",
            "uuidrepresentation",
            "w",
            "waitqueuetimeoutms",
            "wtimeoutms",
            "zlibcompressionlevel");

    /** The driver would wait for an answer for ever. */
    private static final int READ_TIMEOUT_SECONDS = 30;

    /** The driver's 30 seconds are long for rows that come again anyway, and for somebody who runs a check. */
    private static final int SERVER_SELECTION_TIMEOUT_SECONDS = 10;

    /** The driver waits two minutes for a connection of its pool. */
    private static final int POOL_WAIT_SECONDS = 30;

    private final String text;

    /** The same without what only DNS knows. */
    private final ConnectionString parsed;

    private DriverUri(String text, ConnectionString parsed) {
        this.text = text;
        this.parsed = parsed;
    }

    /** Reads it, as far as that goes without a network; null if something is wrong, which the configuration then has. */
    static @Nullable DriverUri read(SinkConfig config) {
        String text = config.passedOn();
        ConnectionString parsed;
        try {
            // nothing is looked up before the sink is opened
            parsed = new ConnectionString(text, (name, type) -> List.of());
        } catch (RuntimeException e) {
            config.targetProblem(
                    withoutSecrets(e.getMessage(), text), "a connection string that MongoDB's driver takes");
            return null;
        }
        WriteConcern concern = parsed.getWriteConcern();
        if (concern != null && !concern.isAcknowledged()) {
            config.problem("option w", "0", "a write concern that says whether rows arrived, such as majority or 1");
        }
        return new DriverUri(text, parsed);
    }

    /** The database that it names, or null. */
    @Nullable
    String database() {
        return parsed.getDatabase();
    }

    /** The number of connections that it allows, or null. */
    @Nullable
    Integer maxPoolSize() {
        return parsed.getMaxConnectionPoolSize();
    }

    /**
     * What a client is made with. With {@code mongodb+srv}, this asks DNS.
     *
     * @throws com.mongodb.MongoException if DNS has no answer
     */
    MongoClientSettings settings() {
        ConnectionString complete = new ConnectionString(text);
        return MongoClientSettings.builder()
                .applicationName("pgwatch-rpc")
                .applyToSocketSettings(each -> each.readTimeout(READ_TIMEOUT_SECONDS, TimeUnit.SECONDS))
                .applyToClusterSettings(
                        each -> each.serverSelectionTimeout(SERVER_SELECTION_TIMEOUT_SECONDS, TimeUnit.SECONDS))
                .applyToConnectionPoolSettings(each -> each.maxWaitTime(POOL_WAIT_SECONDS, TimeUnit.SECONDS))
                .applyConnectionString(complete)
                .writeConcern(writeConcern(complete.getWriteConcern()))
                .build();
    }

    /** What was asked for; a majority if nothing was said of how many must have the rows. */
    static WriteConcern writeConcern(@Nullable WriteConcern given) {
        if (given == null) {
            return WriteConcern.MAJORITY;
        }
        return given.getWObject() == null ? given.withW("majority") : given;
    }

    /** The driver quotes parts of the text, which may be parts of a password that was not escaped. */
    private static String withoutSecrets(@Nullable String message, String text) {
        if (message == null) {
            return "not a connection string";
        }
        String lower = text.toLowerCase(Locale.ROOT);
        if (text.indexOf('@') < 0 && !lower.contains("password") && !lower.contains("properties")) {
            return message.strip();
        }
        return message.replaceAll("'[^']*('|$)", "'...'")
                .replaceAll("(?i)(password: ).*", "$1...")
                .strip();
    }

    /** Names the hosts only. */
    @Override
    public String toString() {
        return String.join(",", parsed.getHosts());
    }
}
