# R's answers for the latent class tests: a plain EM, and derivatives taken numerically from the likelihood of each row.
# Usage, from the root of the repository: Rscript tests/book/make_latent_class_reference.R
# Needs base R only (made with R 4.2.2). Writes latent_class/rows.csv (invented rows) and latent_class/reference.csv.
folder <- "tests/book/latent_class"
set.seed(20240229)

# --- invented rows: two planted classes, five yes/no items, one with three answers and one with four, some missing ----
n <- 700
levels_of <- c(2, 2, 2, 2, 2, 3, 4)
area <- sample(1:25, n, replace = TRUE)
lean <- rnorm(25, 0, 0.6)                               # areas differ, so rows of an area are alike
class <- 1 + (runif(n) < plogis(-0.6 + lean[area]))
yes <- rbind(c(.15, .25, .20, .35, .12), c(.80, .65, .75, .60, .55))
of_three <- rbind(c(.6, .3, .1), c(.2, .3, .5))
of_four <- rbind(c(.4, .3, .2, .1), c(.1, .2, .3, .4))
pick <- function(p) 1 + sum(runif(1) > cumsum(p)[-length(p)])
y <- matrix(0L, n, 7)
for (j in 1:5) y[, j] <- as.integer(runif(n) < yes[class, j])
y[, 6] <- apply(of_three[class, ], 1, pick) - 1L
y[, 7] <- apply(of_four[class, ], 1, pick) - 1L
y[matrix(runif(n * 7) < 0.08, n)] <- NA
weight <- sample(1:3, n, replace = TRUE, prob = c(.7, .2, .1))
write.csv(data.frame(area, weight, y = y), file.path(folder, "rows.csv"), row.names = FALSE, na = "", quote = FALSE)

# --- the model: parameters are log odds against the first class, and against the first answer of each item ------------
unpack <- function(par, K) {
  softmax <- function(x) exp(c(0, x)) / sum(exp(c(0, x)))
  at <- K - 1
  theta <- lapply(levels_of, function(L) {
    rows <- t(sapply(1:K, function(k) softmax(par[at + (k - 1) * (L - 1) + 1:(L - 1)])))
    at <<- at + K * (L - 1)
    rows
  })
  list(shares = softmax(par[seq_len(K - 1)]), theta = theta)
}
pack <- function(m, K) c(
  log(m$shares[-1] / m$shares[1]),
  unlist(lapply(m$theta, function(t) as.vector(t(log(t[, -1, drop = FALSE] / t[, 1]))))))
said <- do.call(cbind, lapply(1:7, function(j) outer(y[, j], 1:levels_of[j] - 1, function(a, b) !is.na(a) & a == b))) + 0
item_of <- rep(1:7, levels_of)
joint <- function(m, K)                                 # (rows, classes): P(class) P(answers | class)
  exp(said %*% log(do.call(rbind, lapply(m$theta, t))) + matrix(log(m$shares), n, K, byrow = TRUE))
row_loglik <- function(par, K) log(rowSums(joint(unpack(par, K), K)))
loglik <- function(par, K) sum(weight * row_loglik(par, K))

em <- function(K, start, most = 5000) {
  m <- start
  last <- -Inf
  for (step in 1:most) {
    f <- joint(m, K)
    now <- sum(weight * log(rowSums(f)))
    if (now - last < 1e-10) break
    last <- now
    r <- weight * f / rowSums(f)
    m$shares <- colSums(r) / sum(r)
    counts <- t(said) %*% r
    for (j in 1:7) m$theta[[j]] <- t(counts[item_of == j, , drop = FALSE]) / colSums(counts[item_of == j, , drop = FALSE])
  }
  list(model = m, loglik = now)
}
random_start <- function(K) list(shares = rep(1 / K, K), theta = lapply(levels_of, function(L) {
  p <- matrix(rexp(K * L), K); p / rowSums(p)
}))

# --- derivatives by central differences of the fourth order -----------------------------------------------------------
differences <- function(f, x, h = 1e-3) sapply(seq_along(x), function(i) {
  e <- replace(numeric(length(x)), i, h)
  (8 * (f(x + e) - f(x - e)) - (f(x + 2 * e) - f(x - 2 * e))) / (12 * h)
})
scores_at <- function(par, K) differences(function(x) row_loglik(x, K), par)           # (rows, parameters)
information_at <- function(par, K) {
  h <- -differences(function(x) colSums(weight * scores_at(x, K)), par)
  (h + t(h)) / 2
}

# --- answers ----------------------------------------------------------------------------------------------------------
out <- list()
put <- function(model, quantity, value, class = NA, item = NA, answer = NA)
  out[[length(out) + 1]] <<- data.frame(model, quantity, class, item, answer, value = sprintf("%.17g", value))
put_all <- function(model, quantity, shares, theta, K) {
  if (K > 1) for (k in 1:K) put(model, quantity, shares[k], k)
  for (j in 1:7) for (k in 1:K) for (a in seq_len(levels_of[j])) put(model, quantity, theta[[j]][k, a], k, j, a)
}
flat <- function(par, K) { m <- unpack(par, K); c(m$shares, unlist(m$theta)) }
unflat <- function(v, K) {
  at <- K
  list(shares = v[1:K], theta = lapply(levels_of, function(L) { x <- matrix(v[at + 1:(K * L)], K); at <<- at + K * L; x }))
}
for (K in 1:2) {
  name <- paste0("K=", K)
  tried <- lapply(1:20, function(s) em(K, random_start(K)))
  best <- tried[[which.max(sapply(tried, `[[`, "loglik"))]]$model
  order_of <- order(-best$shares)
  best <- list(shares = best$shares[order_of], theta = lapply(best$theta, function(t) t[order_of, , drop = FALSE]))
  stopifnot(min(unlist(best)) > 1e-4)                   # nothing at the edge: every log odds is finite
  par <- pack(best, K)
  for (step in 1:4) par <- par + solve(information_at(par, K), colSums(weight * scores_at(par, K)))
  s <- scores_at(par, K)
  stopifnot(max(abs(colSums(weight * s))) < 1e-7)
  bread <- solve(information_at(par, K))
  by_area <- rowsum(weight * s, area)
  G <- nrow(by_area)
  covariances <- list(
    observed = bread, opg = solve(t(s) %*% (weight * s)),
    robust = bread %*% (t(s) %*% (weight * s)) %*% bread,
    cluster = bread %*% (t(by_area) %*% by_area) %*% bread,
    cluster_small_sample = bread %*% (t(by_area) %*% by_area) %*% bread * G / (G - 1))
  m <- unpack(par, K)
  put(name, "loglik", loglik(par, K))
  put(name, "parameters", length(par))
  put(name, "bic", -2 * loglik(par, K) + length(par) * log(sum(weight)))
  r <- joint(m, K); r <- r / rowSums(r)
  if (K > 1) put(name, "entropy", 1 + sum(weight * r * log(r)) / (sum(weight) * log(K)))
  put_all(name, "estimate", m$shares, m$theta, K)
  slope <- differences(function(x) flat(x, K), par)
  for (kind in names(covariances)) {
    se <- unflat(sqrt(pmax(rowSums((slope %*% covariances[[kind]]) * slope), 0)), K)
    put_all(name, kind, se$shares, se$theta, K)
  }
  if (K == 2) {
    # Profile intervals of what is a log odds of its own: the second class's share, and the first item's yes in each class.
    top <- loglik(par, K)
    z <- qnorm(.975)
    best_without <- function(i, value) {
      others <- par[-i]
      whole <- function(o) append(o, value, i - 1)
      slope <- function(o) colSums(weight * scores_at(whole(o), K))[-i]
      for (round in 1:3) others <- optim(others, function(o) -loglik(whole(o), K), function(o) -slope(o),
        method = "BFGS", control = list(reltol = 1e-15, maxit = 500))$par
      loglik(whole(others), K)
    }
    for (i in 1:3) {
      se <- sqrt(bread[i, i])
      beyond <- function(value) 2 * (top - best_without(i, value)) - z^2
      ends <- c(uniroot(beyond, par[i] - c(6, 0) * se, tol = 1e-7)$root, uniroot(beyond, par[i] + c(0, 6) * se, tol = 1e-7)$root)
      where <- if (i == 1) list(2, NA, NA) else list(i - 1, 1, 2)
      put(name, "profile_lower", plogis(ends[1]), where[[1]], where[[2]], where[[3]])
      put(name, "profile_upper", plogis(ends[2]), where[[1]], where[[2]], where[[3]])
    }
  }
}
write.csv(do.call(rbind, out), file.path(folder, "reference.csv"), row.names = FALSE, na = "", quote = FALSE)
