/* command/api_openapi_apart.c - paths of the document that are no command of the table: the stream of events, and
 * logging in and out (web/session.c). */
#include "command/api_openapi.h"

const char API_OPENAPI_EVENTS[] =
    "{\"get\":{\"operationId\":\"events\",\"summary\":\"what changes, as server-sent "
    "events\",\"description\":\"Events "
    "object, finding, incident, peer, source and (for administrators) act, each with the log position as id and "
    "{n, at, id, type, modified} as data: of what the account may see. A heartbeat every 15 "
    "s.\",\"tags\":[\"events\"],"
    "\"parameters\":[{\"name\":\"Last-Event-ID\",\"in\":\"header\",\"required\":false,\"description\":\"Go on behind "
    "this one.\",\"schema\":{\"type\":\"string\"}}],\"responses\":{\"200\":{\"description\":\"The "
    "stream.\",\"content\":"
    "{\"text/event-stream\":{\"schema\":{\"type\":\"string\"}}}},\"401\":{\"$ref\":\"#/components/responses/"
    "Unknown\"},"
    "\"403\":{\"$ref\":\"#/components/responses/Problem\"}}}}";

const char API_OPENAPI_SESSION[] =
    "{\"post\":{\"operationId\":\"log-in\",\"summary\":\"begin a session\",\"description\":\"For a person, by name "
    "and password, without any token. The session's token is sent as `Authorization: Bearer`, and is good for "
    "everything that the account's role allows. An unknown name, a wrong password and an account that may not log "
    "in are one answer.\",\"tags\":[\"session\"],\"security\":[],\"requestBody\":{\"required\":true,"
    "\"content\":{\"application/json\":{\"schema\":{\"type\":\"object\",\"required\":[\"name\",\"password\"],"
    "\"properties\":{\"name\":{\"type\":\"string\",\"description\":\"of the account\"},"
    "\"password\":{\"type\":\"string\",\"description\":\"of the person\"}}}}}},"
    "\"responses\":{\"201\":{\"description\":\"The session began.\","
    "\"content\":{\"application/json\":{\"schema\":{\"type\":\"object\",\"required\":[\"token\",\"account\","
    "\"role\",\"idle_s\",\"ends_s\"],\"properties\":{\"token\":{\"type\":\"string\",\"description\":\"of the "
    "session\"},\"account\":{\"type\":\"string\",\"description\":\"its name\"},\"role\":{\"type\":\"string\","
    "\"description\":\"of the account\"},\"idle_s\":{\"type\":\"integer\",\"description\":\"the session ends after "
    "so many seconds without a request\"},\"ends_s\":{\"type\":\"integer\",\"description\":\"and after so many in "
    "any case\"}}}}}},\"401\":{\"$ref\":\"#/components/responses/Unknown\"},"
    "\"400\":{\"$ref\":\"#/components/responses/Problem\"},\"403\":{\"$ref\":\"#/components/responses/Problem\"},"
    "\"413\":{\"$ref\":\"#/components/responses/Problem\"},\"415\":{\"$ref\":\"#/components/responses/Problem\"},"
    "\"422\":{\"$ref\":\"#/components/responses/Problem\"},\"429\":{\"$ref\":\"#/components/responses/Problem\"},"
    "\"431\":{\"$ref\":\"#/components/responses/Problem\"},\"503\":{\"$ref\":\"#/components/responses/Problem\"}}},"
    "\"delete\":{\"operationId\":\"log-out\",\"summary\":\"end the session whose token is sent\","
    "\"description\":\"The token of a session alone: another token is no session (401).\",\"tags\":[\"session\"],"
    "\"security\":[{\"bearer\":[]}],\"responses\":{\"204\":{\"description\":\"The session has ended.\"},"
    "\"401\":{\"$ref\":\"#/components/responses/Unknown\"},\"400\":{\"$ref\":\"#/components/responses/Problem\"},"
    "\"403\":{\"$ref\":\"#/components/responses/Problem\"},\"413\":{\"$ref\":\"#/components/responses/Problem\"},"
    "\"415\":{\"$ref\":\"#/components/responses/Problem\"},\"422\":{\"$ref\":\"#/components/responses/Problem\"},"
    "\"429\":{\"$ref\":\"#/components/responses/Problem\"},\"431\":{\"$ref\":\"#/components/responses/Problem\"},"
    "\"503\":{\"$ref\":\"#/components/responses/Problem\"}}}}";
