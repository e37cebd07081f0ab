package io.github.pgwatchrpc.sink.azure;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The columns of the stream: those that every row has, and those that pgwatch's columns get when they are told to have one
 * of their own. Immutable.
 */
final class Columns {

    /** What a column holds, with its names in a stream and in a table. */
    enum Type {
        STRING("string", "string"),
        LONG("long", "long"),
        REAL("real", "real"),
        BOOLEAN("boolean", "boolean"),
        DYNAMIC("dynamic", "dynamic"),
        DATETIME("datetime", "dateTime");

        private final String inStream;
        private final String inTable;

        Type(String inStream, String inTable) {
            this.inStream = inStream;
            this.inTable = inTable;
        }

        String inStream() {
            return inStream;
        }

        String inTable() {
            return inTable;
        }
    }

    /**
     * A column.
     *
     * @param name its name, which is pgwatch's as well if it is none of {@link #EVERY_ROW}
     * @param type what it holds
     */
    record Column(String name, Type type) {}

    static final String TIME = "TimeGenerated";
    static final String NANOS = "EpochNs";
    static final String DATABASE = "Database";
    static final String METRIC = "Metric";
    static final String ROW_ID = "RowId";
    static final String TAGS = "Tags";
    static final String FIELDS = "Fields";

    static final List<Column> EVERY_ROW = List.of(
            new Column(TIME, Type.DATETIME),
            new Column(NANOS, Type.LONG),
            new Column(DATABASE, Type.STRING),
            new Column(METRIC, Type.STRING),
            new Column(ROW_ID, Type.STRING),
            new Column(TAGS, Type.DYNAMIC),
            new Column(FIELDS, Type.DYNAMIC));

    static final Columns NONE = new Columns(List.of());

    static final String TAG_PREFIX = "tag_";

    /**
     * Columns that a table may have; <a
     * href="https://learn.microsoft.com/azure/azure-monitor/fundamentals/service-limits#log-analytics-workspaces">Azure's
     * limit</a> is 500, some of them its own.
     */
    static final int MAX = 400;

    /** From <a href="https://learn.microsoft.com/azure/azure-monitor/logs/create-custom-table">Azure's rules</a>. */
    private static final Pattern NAME = Pattern.compile("[A-Za-z][A-Za-z0-9_]{0,44}");

    private static final Set<String> RESERVED = Set.of(
            "id", "tenantid", "type", "uniqueid", "title", "mg", "sourcesystem", "computer", "rawdata", "epoch_ns");

    private final List<Column> own;

    private Columns(List<Column> own) {
        this.own = List.copyOf(own);
    }

    /** Reads {@code NAME:TYPE,NAME:TYPE}; null if that is not what it is. */
    static @Nullable Columns read(String text) {
        List<Column> own = new ArrayList<>();
        Set<String> names = new HashSet<>(RESERVED);
        EVERY_ROW.forEach(each -> names.add(each.name().toLowerCase(Locale.ROOT)));
        for (String part : text.split(",", -1)) {
            int colon = part.indexOf(':');
            String name = colon < 0 ? "" : part.substring(0, colon).strip();
            Type type = type(part.substring(colon + 1).strip());
            boolean tag = name.startsWith(TAG_PREFIX);
            if (type == null
                    || !NAME.matcher(name).matches()
                    || !names.add(name.toLowerCase(Locale.ROOT))
                    || (tag && type != Type.STRING)
                    || own.size() == MAX) {
                return null;
            }
            own.add(new Column(name, type));
        }
        return new Columns(own);
    }

    private static @Nullable Type type(String text) {
        for (Type each : Type.values()) {
            // pgwatch has no times but the row's own
            if (each != Type.DATETIME && each.inStream().equals(text)) {
                return each;
            }
        }
        return null;
    }

    /** What pgwatch's columns have of their own. */
    List<Column> own() {
        return own;
    }

    /** All columns of the stream. */
    List<Column> all() {
        List<Column> all = new ArrayList<>(EVERY_ROW);
        all.addAll(own);
        return all;
    }

    @Override
    public String toString() {
        return own.toString();
    }
}
