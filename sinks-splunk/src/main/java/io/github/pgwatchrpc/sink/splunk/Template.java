package io.github.pgwatchrpc.sink.splunk;

import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Text with places for the database, the metric and custom tags, such as {@code pgwatch:{metric}}. What a source does not
 * have becomes nothing. Immutable.
 */
final class Template {

    static final String EXPECTED = "text that may have {database}, {metric} and {tag:NAME}";

    private static final String TAG = "tag:";

    /** A piece of text, or a place if its kind is not TEXT. */
    private record Piece(Kind kind, String text) {
        enum Kind {
            TEXT,
            DATABASE,
            METRIC,
            TAG
        }
    }

    private final List<Piece> pieces;

    private Template(List<Piece> pieces) {
        this.pieces = List.copyOf(pieces);
    }

    /** Reads a template; null if a brace is lonely or what it encloses unknown. */
    static @Nullable Template parse(String text) {
        List<Piece> pieces = new ArrayList<>();
        int at = 0;
        while (at < text.length()) {
            int open = text.indexOf('{', at);
            String plain = open < 0 ? text.substring(at) : text.substring(at, open);
            if (plain.indexOf('}') >= 0) {
                return null;
            } else if (!plain.isEmpty()) {
                pieces.add(new Piece(Piece.Kind.TEXT, plain));
            }
            if (open < 0) {
                break;
            }
            int close = text.indexOf('}', open);
            Piece place = close < 0 ? null : place(text.substring(open + 1, close));
            if (place == null) {
                return null;
            }
            pieces.add(place);
            at = close + 1;
        }
        return new Template(pieces);
    }

    private static @Nullable Piece place(String name) {
        if (name.equals("database")) {
            return new Piece(Piece.Kind.DATABASE, "");
        } else if (name.equals("metric")) {
            return new Piece(Piece.Kind.METRIC, "");
        } else if (name.startsWith(TAG) && name.length() > TAG.length()) {
            return new Piece(Piece.Kind.TAG, name.substring(TAG.length()));
        }
        return null;
    }

    /** Whether it has no places, so that all envelopes give the same text. */
    boolean isConstant() {
        return pieces.stream().allMatch(piece -> piece.kind() == Piece.Kind.TEXT);
    }

    String of(MeasurementEnvelope envelope) {
        StringBuilder text = new StringBuilder();
        for (Piece piece : pieces) {
            switch (piece.kind()) {
                case TEXT -> text.append(piece.text());
                case DATABASE -> text.append(envelope.database());
                case METRIC -> text.append(envelope.metric());
                case TAG -> text.append(envelope.customTags().getOrDefault(piece.text(), ""));
            }
        }
        return text.toString();
    }

    /** As it was written. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (Piece piece : pieces) {
            switch (piece.kind()) {
                case TEXT -> text.append(piece.text());
                case DATABASE -> text.append("{database}");
                case METRIC -> text.append("{metric}");
                case TAG -> text.append('{').append(TAG).append(piece.text()).append('}');
            }
        }
        return text.toString();
    }
}
