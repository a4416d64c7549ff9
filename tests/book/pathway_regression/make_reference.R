# R's answers for the pathway regression, from episodes.csv (made by make_episodes.py): glm() for the model, and by hand,
# in base R, what glm() does not give: the sandwich clustered by child, and marginal predictions with their errors.
# Usage, from the root of the repository: Rscript tests/book/pathway_regression/make_reference.R
# Needs the R package jsonlite for writing; the version of R is written into the output.
suppressMessages(library(jsonlite))
folder <- "tests/book/pathway_regression"
episodes <- read.csv(file.path(folder, "episodes.csv"))
for (name in c("need", "band", "grp")) episodes[[name]] <- factor(episodes[[name]])
tight <- glm.control(epsilon = 1e-14, maxit = 100)  # R's own stopping rule is looser than our tests

# Child by child: the scores of a child's episodes added up, then their cross products. No small-sample factor.
clustered <- function(fit) {
  scores <- rowsum(model.matrix(fit) * (fit$y - fitted(fit)), episodes$child)
  vcov(fit) %*% crossprod(scores) %*% vcov(fit)
}
# Everybody's level set, everything else as it is: the mean prediction, and its error by the delta method.
margin <- function(fit, robust, term, level) {
  changed <- episodes
  changed[[term]] <- if (is.factor(episodes[[term]])) factor(level, levels = levels(episodes[[term]])) else as.numeric(level)
  x <- model.matrix(delete.response(terms(fit)), changed)
  p <- plogis(drop(x %*% coef(fit)))
  slope <- colMeans(x * p * (1 - p))
  error <- function(v) sqrt(drop(slope %*% v %*% slope))
  list(term = term, level = level, probability = mean(p), std_error_model = error(vcov(fit)), std_error = error(robust))
}
answers_of <- function(formula) {
  fit <- glm(formula, binomial, episodes, control = tight)
  robust <- clustered(fit)
  asked <- list(c("need", "0"), c("need", "1"), c("need", "2"), c("need", "3"), c("band", "2"), c("sex", "0"),
                c("sex", "1"), c("grp", "2"))
  list(formula = paste(deparse(formula), collapse = ""), names = names(coef(fit)), coef = unname(coef(fit)),
       covariance = unname(vcov(fit)), robust = unname(robust), deviance = fit$deviance,
       odds_ratio_p = unname(2 * pnorm(-abs(coef(fit) / sqrt(diag(robust))))),
       margins = lapply(asked, function(a) margin(fit, robust, a[1], a[2])))
}
# One model of everything crossed with need, and what it says within one need: the odds ratio of each level of the other
# terms, and the mean prediction for that need's own episodes, everybody's level set.
within_need <- function(need) {
  fit <- glm(reached ~ need * (band + sex + grp), binomial, episodes, control = tight)
  robust <- clustered(fit)
  mine <- episodes[episodes$need == need, ]
  told <- function(name, level, base) {
    set <- function(to) {
      changed <- mine
      changed[[name]] <- if (is.factor(mine[[name]])) factor(to, levels = levels(mine[[name]])) else as.numeric(to)
      model.matrix(delete.response(terms(fit)), changed)
    }
    x <- set(level)
    p <- plogis(drop(x %*% coef(fit)))
    slope <- colMeans(x * p * (1 - p))
    apart <- (x - set(base))[1, ]
    list(need = need, term = name, level = level, base = base, log_odds_ratio = drop(apart %*% coef(fit)),
         log_odds_error = sqrt(drop(apart %*% robust %*% apart)), probability = mean(p),
         std_error = sqrt(drop(slope %*% robust %*% slope)))
  }
  asked <- list(c("band", "0", "1"), c("band", "2", "1"), c("sex", "0", "1"), c("sex", "1", "0"), c("grp", "1", "0"),
                c("grp", "2", "0"))
  lapply(asked, function(a) told(a[1], a[2], a[3]))
}
out <- list(made_with = list(R = R.version.string), rows = nrow(episodes), reached = sum(episodes$reached), models = list(
  main = answers_of(reached ~ need + band + sex + grp),
  crossed = answers_of(reached ~ need + sex * band * grp)),
  within = unlist(lapply(levels(episodes$need), within_need), recursive = FALSE))
write(toJSON(out, digits = I(17), auto_unbox = TRUE), file.path(folder, "reference.json"))
