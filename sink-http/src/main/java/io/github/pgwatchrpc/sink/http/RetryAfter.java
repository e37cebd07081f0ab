package io.github.pgwatchrpc.sink.http;

import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads the header {@code Retry-After} (RFC 9110, 10.2.3): seconds, or a date. */
public final class RetryAfter {

    /** A service that asks for more is tried all the same: it may have been mended long since. */
    static final Duration MAX = Duration.ofHours(1);

    private static final int MAX_DIGITS = 9;

    private RetryAfter() {}

    /** How long to wait; zero if nobody says, or not so that it can be understood. */
    static Duration of(HttpReply reply, Clock clock) {
        return of(reply.header("Retry-After").orElse(""), reply.header("Date").orElse(""), clock);
    }

    /**
     * How long to wait.
     *
     * @param value of the header; empty if there is none
     * @param date of the header {@code Date}; empty if there is none
     * @param clock tells the time if the service does not
     * @return zero if nobody says, or not so that it can be understood; an hour at most
     */
    public static Duration of(String value, String date, Clock clock) {
        String text = value.strip();
        Duration wait = Duration.ZERO;
        if (!text.isEmpty() && text.length() <= MAX_DIGITS && text.chars().allMatch(c -> c >= '0' && c <= '9')) {
            wait = Duration.ofSeconds(Long.parseLong(text));
        } else {
            Instant until = date(text);
            if (until != null) {
                // by the service's own clock, since ours may differ
                Instant now = Optional.ofNullable(date(date)).orElseGet(clock::instant);
                wait = Duration.between(now, until);
            }
        }
        if (wait.isNegative()) {
            return Duration.ZERO;
        }
        return wait.compareTo(MAX) > 0 ? MAX : wait;
    }

    private static @Nullable Instant date(String text) {
        try {
            return ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant();
        } catch (DateTimeException e) {
            return null;
        }
    }
}
