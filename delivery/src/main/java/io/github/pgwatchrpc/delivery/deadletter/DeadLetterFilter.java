package io.github.pgwatchrpc.delivery.deadletter;

import java.time.Instant;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Chooses letters; what is null matches any.
 *
 * @param database name of the database
 * @param metric name of the metric
 * @param reason a part of the reason
 * @param since refused at this time or later
 * @param before refused before this time
 */
public record DeadLetterFilter(
        @Nullable String database,
        @Nullable String metric,
        @Nullable String reason,
        @Nullable Instant since,
        @Nullable Instant before)
        implements Predicate<DeadLetter> {

    /** All letters. */
    public static final DeadLetterFilter ALL = new DeadLetterFilter(null, null, null, null, null);

    @Override
    public boolean test(DeadLetter letter) {
        return (database == null || database.equals(letter.envelope().database()))
                && (metric == null || metric.equals(letter.envelope().metric()))
                && (reason == null || letter.reason().contains(reason))
                && (since == null || !letter.time().isBefore(since))
                && (before == null || letter.time().isBefore(before));
    }
}
