package io.github.pgwatchrpc.sink.cloudwatch;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The dimensions of a row, with their hash at hand: every value of the row is looked up by them. */
final class Dimensions {

    private final Map<String, String> values;
    private final int hash;

    /** Takes a map that nobody changes any more. */
    Dimensions(Map<String, String> values) {
        this.values = values;
        this.hash = values.hashCode();
    }

    Map<String, String> values() {
        return values;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other || (other instanceof Dimensions that && hash == that.hash && values.equals(that.values));
    }

    @Override
    public int hashCode() {
        return hash;
    }

    @Override
    public String toString() {
        return values.toString();
    }
}
