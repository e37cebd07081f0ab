package io.github.pgwatchrpc.sink.mongo;

import io.github.pgwatchrpc.sink.Capability;
import io.github.pgwatchrpc.sink.SinkProvider;
import java.io.IOException;
import java.util.Set;

/** Plain collections, in which each row is there once. */
class PlainCompatibilityTest extends MongoCompatibilityTest {

    PlainCompatibilityTest() throws IOException {}

    @Override
    protected SinkProvider provider() {
        return new MongoSinkProvider(Set.of(Capability.PROVISION, Capability.IDEMPOTENT));
    }

    @Override
    protected String uri() {
        return super.uri() + "&mode=plain&expire-after=30d";
    }
}
