package io.github.pgwatchrpc.sink.mongo;

import com.mongodb.client.MongoClient;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import java.util.List;
import org.bson.Document;
import org.jspecify.annotations.Nullable;

/** Looks whether rows could be written, without writing any. */
final class Probe {

    /** The first major version that has time-series collections. */
    private static final int TIME_SERIES_VERSION = 5;

    private static final String MEND_RIGHTS =
            "grant the user the role readWrite on the database: db.grantRolesToUser(USER, [{role: \"readWrite\", db: DATABASE}])";

    private final Layout layout;

    Probe(Layout layout) {
        this.layout = layout;
    }

    /**
     * Asks the primary for its version and for what the user may do.
     *
     * @throws com.mongodb.MongoException if there is none, or it does not answer
     */
    Readiness look(MongoClient client) {
        Document build = client.getDatabase("admin").runCommand(new Document("buildInfo", 1));
        List<Integer> version = build.getList("versionArray", Integer.class, List.of());
        if (layout.isTimeSeries() && !version.isEmpty() && version.get(0) < TIME_SERIES_VERSION) {
            return new Outcome.Paused(
                    "version of the server: " + build.getString("version") + " (expected: >= " + TIME_SERIES_VERSION
                            + ".0 for time-series collections)",
                    "give the sink mode=plain, or use a newer server");
        }
        Document status = client.getDatabase("admin")
                .runCommand(new Document("connectionStatus", 1).append("showPrivileges", true));
        Document auth = status.get("authInfo", new Document());
        List<Document> users = auth.getList("authenticatedUsers", Document.class, List.of());
        List<Document> privileges = auth.getList("authenticatedUserPrivileges", Document.class, List.of());
        // without users the server has no access control, or says so at the next command; some do not tell privileges
        if (users.isEmpty() || privileges.isEmpty()) {
            return Readiness.ready();
        }
        for (String action : layout.create() ? List.of("insert", "createCollection") : List.of("insert")) {
            if (privileges.stream().noneMatch(each -> allows(each, action))) {
                return new Outcome.Paused(
                        "user " + users.get(0).getString("user") + ": may not " + action + " in database "
                                + layout.database(),
                        MEND_RIGHTS);
            }
        }
        return Readiness.ready();
    }

    private boolean allows(Document privilege, String action) {
        List<String> actions = privilege.getList("actions", String.class, List.of());
        return (actions.contains(action) || actions.contains("anyAction"))
                && covers(privilege.get("resource", new Document()));
    }

    private boolean covers(Document resource) {
        if (resource.getBoolean("anyResource", false)) {
            return true;
        }
        @Nullable String database = resource.getString("db");
        @Nullable String collection = resource.getString("collection");
        if (database == null || collection == null) {
            return false;
        }
        // a right on single collections is enough if the metrics in question have them, which only writing shows
        return (database.isEmpty() || database.equals(layout.database()))
                && (collection.isEmpty() || !layout.isOneForAll() || collection.equals(layout.collection()));
    }
}
