package io.github.pgwatchrpc.rpc.netrpc;

import org.jspecify.annotations.Nullable;

final class ReplyEncoder {
    void encode(@Nullable Object reply, ResponseEncoder responses) {
        responses.text("");
    }
}
