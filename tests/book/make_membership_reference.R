# R's answers for the tests of membership and outcomes of classes, from rows that it makes itself. Base R only.
# Usage, from the root of the repository: Rscript tests/book/make_membership_reference.R
# Everything is written out row by row: EM for the classes, each method's likelihood for optim, glm for the naive table.
folder <- "tests/book/membership"
set.seed(20260301)
n <- 900; K <- 3; J <- 6
yes <- rbind(c(.10, .15, .20, .10, .30, .20), c(.85, .80, .30, .20, .30, .75), c(.20, .30, .85, .80, .70, .30))
b <- rbind(c(0, 0, 0), c(-.2, .8, .4), c(-.5, -.4, .7))
x <- cbind(rbinom(n, 1, .5), sample(c(-1, 0, 1), n, TRUE))
X <- cbind(1, x)
odds <- exp(X %*% t(b)); kind <- apply(odds / rowSums(odds), 1, function(p) sample(K, 1, prob = p))
Y <- matrix(rbinom(n * J, 1, yes[kind, ]), n)
number <- round(rnorm(n, c(1, 2, 4)[kind], c(1, .7, 1.5)[kind]), 2)
weight <- sample(1:3, n, TRUE)
write.csv(data.frame(Y, x, number, weight), file.path(folder, "rows.csv"), row.names = FALSE)

# Step one: EM from the planted values until nothing moves, every row counted with its weight.
p <- rep(1 / K, K); th <- yes
given <- function(th) exp(Y %*% t(log(th)) + (1 - Y) %*% t(log(1 - th)))
for (i in 1:50000) {
  joint <- sweep(given(th), 2, p, "*"); m <- joint / rowSums(joint) * weight
  new_p <- colSums(m) / sum(m); new_th <- t(m) %*% Y / colSums(m)
  moved <- max(abs(new_p - p), abs(new_th - th)); p <- new_p; th <- new_th
  if (moved < 1e-14) break
}
o <- order(-p); p <- p[o]; th <- th[o, ]
joint <- sweep(given(th), 2, p, "*"); loglik <- sum(weight * log(rowSums(joint))); belongs <- joint / rowSums(joint)
modal <- diag(K)[max.col(belongs, "first"), ]
error <- function(a) t(belongs * weight) %*% a / colSums(belongs * weight)

shares <- function(par) { e <- exp(X %*% cbind(0, matrix(par, ncol(X)))); e / rowSums(e) }  # class 1 is the reference
answers <- list(); tell <- function(what, name, values) answers[[length(answers) + 1]] <<- data.frame(what, name, place = seq_along(values), value = c(values))
climb <- function(method, up, slope, start) {
  fit <- optim(start, up, slope, method = "BFGS", control = list(fnscale = -1, reltol = 1e-16, maxit = 5000))
  for (i in 1:5) fit$par <- fit$par - c(solve(optimHess(fit$par, up, slope), slope(fit$par)))  # to the last digits
  tell(method, "coefficients", fit$par); tell(method, "errors", sqrt(diag(solve(-optimHess(fit$par, up, slope)))))
  tell(method, "loglik", up(fit$par))
}
likelihood <- function(f) list(  # f: rows by classes, what is known of the row's class
  up = function(par) sum(weight * log(rowSums(shares(par) * f))),
  slope = function(par) { s <- shares(par); m <- s * f; m <- m / rowSums(m); c(t(X) %*% (weight * (m - s))[, -1]) })
weighting <- function(q) list(
  up = function(par) sum(weight * q * log(shares(par))),
  slope = function(par) c(t(X) %*% (weight * (q - shares(par)))[, -1]))
start <- rep(0, (K - 1) * ncol(X))
tell("first", "loglik", loglik); tell("first", "shares", p); tell("first", "yes", th); tell("first", "error_modal", error(modal))
for (method in c("two-step", "ML modal", "BCH modal", "BCH proportional", "modal", "proportional")) {
  q <- if (grepl("proportional", method)) belongs else modal
  g <- switch(sub(" .*", "", method), "two-step" = likelihood(given(th)), ML = likelihood(q %*% t(error(q))),
              BCH = weighting(q %*% solve(error(q))), weighting(q))
  climb(method, g$up, g$slope, start)
}
# The naive table once more by glm: multinomial regression is Poisson regression with a constant for each covariate row.
cells <- aggregate(as.data.frame(modal * weight), list(a = x[, 1], b = x[, 2]), sum)
long <- reshape(cells, direction = "long", varying = 3:5, v.names = "count", timevar = "class", idvar = c("a", "b"))
long$class <- factor(long$class); long$row <- interaction(long$a, long$b)
g <- glm(count ~ row + class + class:a + class:b, poisson, long, control = glm.control(1e-12, 100))
tell("glm", "fitted", fitted(g)[order(long$class, long$a, long$b)])

# Everything at once: coefficients and item probabilities together, by optim on numerical slopes.
at_once <- function(par) {
  q <- plogis(matrix(par[-(1:6)], K)); sum(weight * log(rowSums(shares(par[1:6]) * given(q))))
}
two <- answers[[which(sapply(answers, function(a) a$what[1] == "two-step" && a$name[1] == "coefficients"))]]$value
fit <- list(par = c(two, qlogis(th)))
for (i in 1:8) fit <- optim(fit$par, at_once, method = "BFGS", control = list(fnscale = -1, reltol = 1e-16, maxit = 5000, ndeps = rep(1e-5, 6 + K * J)))
tell("one-step", "coefficients", fit$par[1:6]); tell("one-step", "loglik", fit$value)
tell("one-step", "errors", sqrt(diag(solve(-optimHess(fit$par, at_once, control = list(ndeps = rep(1e-4, 6 + K * J))))))[1:6])

# The outcome: weighted means, and a normal mixture with the classes held.
for (method in c("modal", "BCH modal")) {
  q <- if (method == "modal") modal else modal %*% solve(error(modal))
  tell(paste("mean", method), "means", colSums(weight * q * number) / colSums(weight * q))
}
normal <- function(par) {
  s <- exp(c(0, par[1:2])); s <- s / sum(s); f <- given(th)
  d <- sapply(1:K, function(k) dnorm(number, par[2 + k], exp(par[5 + k])))
  sum(weight * log(rowSums(sweep(f * d, 2, s, "*"))))
}
fit <- list(par = c(log(p[2:3] / p[1]), tapply(number, max.col(belongs, "first"), mean), rep(0, K)))
for (i in 1:5) fit <- optim(fit$par, normal, method = "BFGS", control = list(fnscale = -1, reltol = 1e-16, maxit = 5000, ndeps = rep(1e-5, 8)))
tell("mean two-step", "means", fit$par[3:5]); tell("mean two-step", "loglik", fit$value)
tell("mean two-step", "errors", sqrt(diag(solve(-optimHess(fit$par, normal, control = list(ndeps = rep(1e-4, 8))))))[3:5])

out <- do.call(rbind, answers); out$value <- sprintf("%.15g", out$value)
write.csv(out, file.path(folder, "reference.csv"), row.names = FALSE, quote = FALSE)
writeLines(R.version.string, file.path(folder, "made_with.txt"))
