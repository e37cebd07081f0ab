package io.github.pgwatchrpc.sink.mongo;

import com.mongodb.MongoCommandException;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.CreateCollectionOptions;
import com.mongodb.client.model.IndexOptions;
import com.mongodb.client.model.Indexes;
import com.mongodb.client.model.TimeSeriesGranularity;
import com.mongodb.client.model.TimeSeriesOptions;
import io.github.pgwatchrpc.sink.Outcome;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.bson.Document;
import org.jspecify.annotations.Nullable;

/**
 * The collections that there are, and those that are made. An insert into a collection that is missing would make one
 * without anything that the layout asks for, so it is looked at before, and again after a minute: somebody may have
 * dropped it. Thread-safe.
 */
final class Catalog {

    private static final Duration FRESH = Duration.ofMinutes(1);

    private final Layout layout;

    /** The collections that are as they should be, and when that was seen. */
    private final Map<String, Long> seen = new ConcurrentHashMap<>();

    Catalog(Layout layout) {
        this.layout = layout;
    }

    /** Something that a person must mend before rows can be written. */
    static final class MendException extends RuntimeException {
        private static final long serialVersionUID = 1;

        private final transient Outcome.Paused paused;

        MendException(String why, String mend) {
            super(why);
            paused = new Outcome.Paused(why, mend);
        }

        Outcome.Paused paused() {
            return paused;
        }
    }

    /**
     * Sees to it that collections are there.
     *
     * @param create whether to make those that are missing
     * @return why there are none of these names, for those that are more than there may be
     * @throws MendException if one is of another kind, or missing and not to be made
     */
    Map<String, String> ensure(MongoDatabase database, Set<String> names, boolean create) {
        if (names.stream().allMatch(this::isFresh)) {
            return Map.of();
        }
        return look(database, names, create);
    }

    /**
     * Looks again at collections that may be there, and forgets what it has seen of others.
     *
     * @throws MendException if one is of another kind
     */
    synchronized void check(MongoDatabase database, Set<String> names) {
        seen.clear();
        list(database, names);
    }

    private synchronized Map<String, String> look(MongoDatabase database, Set<String> names, boolean create) {
        Set<String> there = list(database, names);
        Map<String, String> tooMany = new HashMap<>();
        for (String name : names) {
            if (there.contains(name)) {
                continue;
            } else if (!create) {
                throw new MendException(
                        "collection " + name + ": missing (expected: there, since create=false)",
                        "make it as the command provision --dry-run prints it, or give the sink create=true");
            } else if (!layout.isOneForAll() && there.size() >= layout.maxCollections()) {
                tooMany.put(
                        name,
                        "collections of database " + layout.database() + ": " + (there.size() + 1) + " with " + name
                                + " (expected: <= " + layout.maxCollections() + ", option max-collections)");
                continue;
            }
            make(database, name);
            there.add(name);
            seen.put(name, System.nanoTime());
        }
        return tooMany;
    }

    /** All collections; those that are asked for are looked at. */
    private Set<String> list(MongoDatabase database, Set<String> names) {
        Set<String> there = new HashSet<>();
        long now = System.nanoTime();
        for (Document each : database.listCollections()) {
            String name = each.getString("name");
            if (name.startsWith("system.")) {
                continue;
            }
            there.add(name);
            if (names.contains(name)) {
                check(name, each);
                seen.put(name, now);
            }
        }
        seen.keySet().retainAll(there);
        return there;
    }

    private void check(String name, Document found) {
        Document options = found.get("options", new Document()).get("timeseries", Document.class);
        String expected = layout.isTimeSeries() ? "timeseries" : "collection";
        // some servers that are only like MongoDB do not say, or call every kind a collection
        String type = options != null ? "timeseries" : found.get("type", "collection");
        if (!type.equals(expected)) {
            throw new MendException(
                    "collection " + name + ": of type " + type + " (expected: " + expected + ", since mode="
                            + layout.mode().name().toLowerCase(Locale.ROOT).replace('_', '-') + ")",
                    "give the sink another database, collection or mode, or rename or drop that one");
        }
        if (layout.isTimeSeries() && options != null) {
            checkField(name, "timeField", options.getString("timeField"), layout.timeField());
            checkField(name, "metaField", options.getString("metaField"), layout.metaField());
        }
    }

    private static void checkField(String name, String option, @Nullable String found, String expected) {
        if (!expected.equals(found)) {
            throw new MendException(
                    option + " of collection " + name + ": " + found + " (expected: " + expected + ")",
                    "give the sink the options time-field and meta-field that fit, or another collection");
        }
    }

    private void make(MongoDatabase database, String name) {
        Duration expireAfter = layout.expireAfter();
        try {
            if (layout.isTimeSeries()) {
                CreateCollectionOptions options = new CreateCollectionOptions()
                        .timeSeriesOptions(new TimeSeriesOptions(layout.timeField())
                                .metaField(layout.metaField())
                                .granularity(TimeSeriesGranularity.valueOf(
                                        layout.granularity().name())));
                if (expireAfter != null) {
                    options.expireAfter(expireAfter.toSeconds(), TimeUnit.SECONDS);
                }
                database.createCollection(name, options);
            } else if (expireAfter != null) {
                // makes the collection as well: there is no moment at which it is there without its index
                database.getCollection(name)
                        .createIndex(
                                Indexes.ascending(layout.timeField()),
                                new IndexOptions().expireAfter(expireAfter.toSeconds(), TimeUnit.SECONDS));
            } else {
                database.createCollection(name);
            }
        } catch (MongoCommandException e) {
            if (e.getCode() != Failures.NAMESPACE_EXISTS && e.getCode() != Failures.INDEX_OPTIONS_CONFLICT) {
                throw e;
            }
            // somebody was faster, perhaps with other options
            list(database, Set.of(name));
        }
    }

    private boolean isFresh(String name) {
        Long at = seen.get(name);
        return at != null && System.nanoTime() - at < FRESH.toNanos();
    }

    /** What {@link #ensure} makes, for mongosh. */
    static String plan(Layout layout) {
        StringBuilder text = new StringBuilder();
        if (!layout.isOneForAll()) {
            text.append("// one for each metric, named as ")
                    .append(layout.collection())
                    .append("; made by the sink when a metric's first row comes, unless create=false\n");
        }
        String name = quoted(layout.collection());
        String database = "db.getSiblingDB(" + quoted(layout.database()) + ")";
        Duration expireAfter = layout.expireAfter();
        if (layout.isTimeSeries()) {
            text.append(database)
                    .append(".createCollection(")
                    .append(name)
                    .append(", {\n  timeseries: { timeField: ")
                    .append(quoted(layout.timeField()))
                    .append(", metaField: ")
                    .append(quoted(layout.metaField()))
                    .append(", granularity: ")
                    .append(quoted(layout.granularity().word()))
                    .append(" }");
            if (expireAfter != null) {
                text.append(",\n  expireAfterSeconds: ").append(expireAfter.toSeconds());
            }
            text.append("\n})\n");
        } else {
            text.append(database).append(".createCollection(").append(name).append(")\n");
            if (expireAfter != null) {
                text.append(database)
                        .append(".getCollection(")
                        .append(name)
                        .append(").createIndex({ ")
                        .append(quoted(layout.timeField()))
                        .append(": 1 }, { expireAfterSeconds: ")
                        .append(expireAfter.toSeconds())
                        .append(" })\n");
            }
        }
        return text.toString();
    }

    private static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }
}
