package io.github.pgwatchrpc.sink.pubsub;

import com.google.api.gax.rpc.ApiException;
import com.google.api.gax.rpc.ErrorDetails;
import com.google.rpc.RetryInfo;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.grpc.Status;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What an error of the service means; after <a href="https://cloud.google.com/pubsub/docs/reference/error-codes">its list</a>. */
sealed interface Failure {

    /** So much of a text of the service is told. */
    int MAX_TEXT = 500;

    /**
     * It may go well later.
     *
     * @param after not before this time; zero if the service did not say
     * @param why what it said
     * @param lostConnection whether a new connection may help
     */
    record Again(Duration after, String why, boolean lostConnection) implements Failure {
        @Override
        public Readiness readiness() {
            return new Outcome.Retry(after, why);
        }
    }

    /**
     * A person must mend something.
     *
     * @param why what the service said
     * @param mend what to do about it
     */
    record Mend(String why, String mend) implements Failure {
        @Override
        public Readiness readiness() {
            return new Outcome.Paused(why, mend);
        }
    }

    /**
     * The request as it is will never be taken.
     *
     * @param why what the service said
     */
    record Bad(String why) implements Failure {
        @Override
        public Readiness readiness() {
            return new Outcome.Paused(why, "look at the sink's URI and at how the topic is set up");
        }
    }

    /** What it means for a call that is no write. */
    Readiness readiness();

    /** Without credentials nothing can be asked. */
    static Outcome.Paused credentials(IOException error) {
        return new Outcome.Paused(
                "credentials of Google Cloud: " + line(String.valueOf(error.getMessage())),
                "set GOOGLE_APPLICATION_CREDENTIALS to a file with credentials, or run where there is a service"
                        + " account; for an emulator, give emulator=HOST:PORT");
    }

    /**
     * What an error means.
     *
     * @param what the call, for instance {@code publish}
     * @param error what it failed with
     * @param settings what was called
     */
    static Failure of(String what, Throwable error, PubSubSettings settings) {
        Status status = Status.fromThrowable(error);
        String description = status.getDescription();
        Throwable cause = status.getCause();
        String why = line(what + " " + settings.topicPath() + ": " + status.getCode()
                + (description == null ? "" : ": " + description)
                + (cause == null || cause.getMessage() == null ? "" : " (" + cause.getMessage() + ")"));
        return switch (status.getCode()) {
            case NOT_FOUND ->
                new Mend(why, "create the topic, by 'pgwatch-rpc provision' for instance, or mend its name");
            case PERMISSION_DENIED ->
                new Mend(
                        why,
                        "grant the sink's service account roles/pubsub.publisher on the topic, and see that the"
                                + " project has Pub/Sub enabled and can be billed");
            case UNAUTHENTICATED ->
                new Mend(
                        why,
                        "see that GOOGLE_APPLICATION_CREDENTIALS, or the service account that is attached, is valid,"
                                + " and that this machine's clock is right: tokens tell the time");
            case FAILED_PRECONDITION ->
                new Mend(why, "see that the topic's key (KMS) is enabled and its storage policy allows this region");
            case UNIMPLEMENTED -> new Mend(why, "see that the endpoint is one of Pub/Sub");
            case INVALID_ARGUMENT, OUT_OF_RANGE -> new Bad(why);
            case RESOURCE_EXHAUSTED ->
                isTooLarge(description) ? new Bad(why) : new Again(retryDelay(error), why, false);
            case UNAVAILABLE, DEADLINE_EXCEEDED -> new Again(retryDelay(error), why, true);
            default -> new Again(retryDelay(error), why, false);
        };
    }

    /** A gRPC server that takes less at once than the service says it with the code for quotas. */
    private static boolean isTooLarge(@Nullable String description) {
        return description != null
                && (description.contains("larger than max") || description.contains("exceeds maximum"));
    }

    private static Duration retryDelay(Throwable error) {
        ErrorDetails details = error instanceof ApiException api ? api.getErrorDetails() : null;
        RetryInfo info = details == null ? null : details.getRetryInfo();
        if (info == null) {
            return Duration.ZERO;
        }
        long seconds = Math.max(
                0,
                Math.min(info.getRetryDelay().getSeconds(), Duration.ofDays(1).toSeconds()));
        int nanos = Math.max(0, Math.min(info.getRetryDelay().getNanos(), 999_999_999));
        return Duration.ofSeconds(seconds, nanos);
    }

    private static String line(String text) {
        String line = text.replaceAll("\\s+", " ").strip();
        return line.length() <= MAX_TEXT ? line : line.substring(0, MAX_TEXT) + "...";
    }
}
