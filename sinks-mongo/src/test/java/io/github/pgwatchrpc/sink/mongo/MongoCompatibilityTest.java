package io.github.pgwatchrpc.sink.mongo;

import io.github.pgwatchrpc.sink.testkit.Arrived;
import io.github.pgwatchrpc.sink.testkit.Fault;
import io.github.pgwatchrpc.sink.testkit.SinkCompatibilityTest;
import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.bson.BsonBoolean;
import org.bson.BsonInt64;
import org.junit.jupiter.api.AfterEach;

/** The kit through a proxy that fails, into a server inside this process. */
abstract class MongoCompatibilityTest extends SinkCompatibilityTest {

    private final TestServer server = new TestServer();
    private final MongoProxy proxy;

    MongoCompatibilityTest() throws IOException {
        proxy = new MongoProxy(server.address());
    }

    @AfterEach
    void stop() throws IOException {
        proxy.close();
        server.close();
    }

    @Override
    protected String uri() {
        return "mongodb://127.0.0.1:" + proxy.port()
                + "/kit?serverSelectionTimeoutMS=3000&socketTimeoutMS=10000&heartbeatFrequencyMS=500&max-collections=50";
    }

    @Override
    protected List<Arrived> arrived() {
        return Stored.rows(server.uri(), "kit");
    }

    @Override
    protected Set<Fault> faults() {
        return EnumSet.allOf(Fault.class);
    }

    @Override
    protected void inflict(Fault fault) {
        switch (fault) {
            case AWAY -> proxy.away();
            case HANGING -> proxy.hang();
            case ANSWER_LOST -> proxy.loseAnswers();
            case UNUSABLE ->
                proxy.rule((command, body, documents) -> isHandshake(command)
                        ? null
                        : MongoProxy.error(13, "Unauthorized", "not authorized on kit to execute command " + command));
            case DENIED ->
                proxy.rule((command, body, documents) -> isHandshake(command)
                        ? null
                        : MongoProxy.error(18, "AuthenticationFailed", "Authentication failed."));
            case BUSY ->
                proxy.rule((command, body, documents) -> command.equals("insert")
                        ? MongoProxy.error(
                                16_500,
                                "TooManyRequests",
                                "Request rate is large. RetryAfterMs=" + BUSY_FOR.toMillis() + ", Details=''")
                        : null);
            case TOO_LARGE ->
                proxy.rule((command, body, documents) -> command.equals("insert") && documents.size() > FEW
                        ? MongoProxy.error(10_334, "BSONObjectTooLarge", "object to insert too large")
                        : null);
            case BAD_ROW ->
                proxy.rowErrors(
                        document -> document.get(BAD_COLUMN, BsonBoolean.FALSE).equals(BsonBoolean.TRUE) ? 121 : 0,
                        "Document failed validation");
            case PARTLY_BUSY ->
                proxy.rowErrors(
                        document ->
                                document.get("n", new BsonInt64(0)).asInt64().getValue() % 2 == 1 ? 112 : 0,
                        "WriteConflict");
        }
    }

    private static boolean isHandshake(String command) {
        return Set.of("hello", "isMaster", "ismaster", "buildInfo").contains(command);
    }

    @Override
    protected void mend(Fault fault) {
        proxy.mend();
    }
}
