package io.github.pgwatchrpc.sink.mongo;

import com.mongodb.MongoCommandException;
import com.mongodb.MongoException;
import com.mongodb.MongoIncompatibleDriverException;
import com.mongodb.MongoSecurityException;
import com.mongodb.MongoServerException;
import com.mongodb.MongoSocketException;
import com.mongodb.bulk.BulkWriteError;
import io.github.pgwatchrpc.sink.Outcome;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bson.BsonSerializationException;
import org.jspecify.annotations.Nullable;

/**
 * What an error means: come again, wait until somebody mends something, or never. Codes are those of <a
 * href="https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml">the server's list</a>; where a whole
 * command fails with a code that is in no list here, its rows come again, since nothing says that they are to blame.
 */
final class Failures {

    /** A row with this id is there already. */
    static final int DUPLICATE_KEY = 11_000;

    /** Somebody else was faster to make a collection. */
    static final int NAMESPACE_EXISTS = 48;

    /** Such an index is there, with other options. */
    static final int INDEX_OPTIONS_CONFLICT = 85;

    private static final int UNAUTHORIZED = 13;

    /** Unauthorized, AuthenticationFailed, UserNotFound, AtlasError (which is one of authentication). */
    private static final Set<Integer> CREDENTIALS = Set.of(UNAUTHORIZED, 18, 11, 8000);

    /**
     * IllegalOperation, CommandNotFound, InvalidOptions, UnknownReplWriteConcern, IndexOptionsConflict,
     * IndexKeySpecsConflict, UnsatisfiableWriteConcern, CommandNotSupported, CommandNotSupportedOnView,
     * InvalidIndexSpecificationOption, APIStrictError, DatabaseDifferCase.
     */
    private static final Set<Integer> SETTINGS = Set.of(20, 59, 72, 79, 85, 86, 100, 115, 166, 197, 323, 13_297);

    /**
     * BadValue, FailedToParse, TypeMismatch, Overflow, InvalidBSON, InvalidIdField, NotExactValueField, EmptyFieldName,
     * DollarPrefixedFieldName, DottedFieldName, InvalidNamespace, DocumentValidationFailure, BSONObjectTooLarge.
     */
    private static final Set<Integer> DATA = Set.of(2, 9, 14, 15, 22, 53, 54, 56, 52, 57, 73, 121, 10_334);

    /**
     * What passes by itself, where one row has such an error: HostUnreachable, HostNotFound, LockTimeout, LockBusy,
     * MaxTimeMSExpired, WriteConcernFailed, NetworkTimeout, ShutdownInProgress, WriteConflict,
     * FailedToSatisfyReadPreference, PrimarySteppedDown, ExceededTimeLimit, SocketException, NotWritablePrimary,
     * InterruptedAtShutdown, Interrupted, InterruptedDueToReplStateChange, NotPrimaryNoSecondaryOk,
     * NotPrimaryOrSecondary, OutOfDiskSpace, TooManyRequests of Cosmos DB, IngressRequestRateLimitExceeded.
     */
    private static final Set<Integer> PASSING = Set.of(
            6, 7, 24, 46, 50, 64, 89, 91, 112, 133, 189, 262, 9001, 10_107, 11_600, 11_601, 11_602, 13_435, 13_436,
            14_031, 16_500, 462);

    /** How Azure Cosmos DB's server says when to come again. */
    private static final Pattern RETRY_AFTER = Pattern.compile("RetryAfterMs=([0-9]{1,7})");

    /** The index that a duplicate was found in, as servers write it. */
    private static final Pattern INDEX = Pattern.compile("index: (\\S+)");

    private static final int MAX_TEXT = 500;

    private Failures() {}

    /** What the failure of a whole command or connection means: Retry, Paused or Refused. */
    static Outcome outcome(RuntimeException failure) {
        String why = why(failure);
        if (failure instanceof BsonSerializationException) {
            return new Outcome.Refused(why);
        } else if (failure instanceof MongoSecurityException) {
            return hasNetworkCause(failure) ? Outcome.retry(why) : wrongCredentials(why);
        } else if (failure instanceof MongoIncompatibleDriverException) {
            return new Outcome.Paused(why, "use a server that the driver knows: MongoDB 4.2 or later");
        } else if (failure instanceof MongoServerException server) {
            return ofCode(server.getCode(), why);
        } else if (untrusted(failure)) {
            return new Outcome.Paused(
                    why, "make the JVM trust the server's authority (javax.net.ssl.trustStore), or its name match");
        } else if (failure instanceof MongoException) {
            return Outcome.retry(why);
        }
        throw failure;
    }

    /** Whether one row's error is of those that pass. */
    static boolean isPassing(BulkWriteError error) {
        return PASSING.contains(error.getCode());
    }

    /** Whether one row's error says that it is there already, in the index of ids and in no other. */
    static boolean isThereAlready(BulkWriteError error) {
        if (error.getCode() != DUPLICATE_KEY) {
            return false;
        }
        Matcher index = INDEX.matcher(error.getMessage());
        return !index.find()
                || index.group(1).endsWith(Layout.ID_FIELD + "_")
                || index.group(1).equals(Layout.ID_FIELD);
    }

    /** When to come again, if the server said so. */
    static Duration after(String message) {
        Matcher said = RETRY_AFTER.matcher(message);
        return said.find() ? Duration.ofMillis(Long.parseLong(said.group(1))) : Duration.ZERO;
    }

    /** One line of bounded length. */
    static String line(@Nullable String text) {
        String line = String.valueOf(text).replaceAll("\\s+", " ").strip();
        return line.length() <= MAX_TEXT ? line : line.substring(0, MAX_TEXT) + "...";
    }

    private static Outcome ofCode(int code, String why) {
        if (CREDENTIALS.contains(code)) {
            return code == UNAUTHORIZED
                    ? new Outcome.Paused(why, "grant the user the role readWrite on the database")
                    : wrongCredentials(why);
        } else if (SETTINGS.contains(code)) {
            return new Outcome.Paused(why, "make the sink's options and the server fit each other");
        } else if (DATA.contains(code)) {
            return new Outcome.Refused(why);
        }
        return new Outcome.Retry(after(why), why);
    }

    private static Outcome.Paused wrongCredentials(String why) {
        return new Outcome.Paused(
                why,
                "look at user, password and authSource in the connection string (authSource=admin for most users)");
    }

    /** The server's own words where there are some; the driver's wrapping has its whole view of the cluster in it. */
    private static String why(RuntimeException failure) {
        if (failure instanceof MongoCommandException command) {
            return line(command.getErrorCodeName() + " (" + command.getErrorCode() + "): " + command.getErrorMessage());
        }
        Throwable cause = failure.getCause();
        String message = line(failure.getMessage());
        return cause == null || cause.getMessage() == null || message.contains(cause.getMessage())
                ? message
                : line(message + ": " + cause.getMessage());
    }

    private static boolean hasNetworkCause(Throwable failure) {
        for (Throwable each = failure.getCause(); each != null; each = each.getCause()) {
            if (each instanceof MongoSocketException || each instanceof IOException) {
                return true;
            }
        }
        return false;
    }

    /** Whether TLS failed for want of trust, which does not pass by itself. Server selection has it in its text alone. */
    private static boolean untrusted(Throwable failure) {
        for (Throwable each = failure; each != null; each = each.getCause()) {
            String message = String.valueOf(each.getMessage());
            if (message.contains("PKIX path") || message.contains("No subject alternative")) {
                return true;
            }
        }
        return false;
    }
}
