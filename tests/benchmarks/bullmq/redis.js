"use strict";

// The address as the other peers have it, in the words of ioredis.
exports.redisOptions = function redisOptions() {
  const url = new URL(process.env.PEER_REDIS_URL);
  return {
    host: url.hostname,
    port: Number(url.port || 6379),
    username: decodeURIComponent(url.username) || undefined,
    password: decodeURIComponent(url.password) || undefined,
    db: Number(url.pathname.slice(1) || 0),
  };
};
