# Reference values for tests/truth/test_flexible_against_r.py.
# Run in this folder: Rscript flexible.R
# Reads survival_sets.csv, writes flexible.csv. Versions: sessionInfo.txt.
#
# Constant rates in pieces: glm on split follow-up. Spline and cure model: the likelihoods written
# out and maximised by optim, errors from numDeriv, since no package at hand has these models.

library(survival)
library(numDeriv)
options(warn = -1)

people <- read.csv("survival_sets.csv")
out <- list()
keep <- function(set, quantity, term, estimate, std_error = NA) {
  out[[length(out) + 1]] <<- data.frame(set, quantity, term, estimate, std_error)
}
shown <- c("armprogramme", "age", "score")

robust <- function(fit, unit) {
  scores <- model.matrix(fit) * residuals(fit, "working") * fit$weights
  sums <- rowsum(scores, unit)
  bread <- summary(fit)$cov.unscaled
  sqrt(diag(bread %*% crossprod(sums) %*% bread))
}

maximised <- function(minus, start) {
  for (i in 1:6) {
    fit <- optim(start, minus, gr = function(p) grad(minus, p), method = "BFGS",
                 control = list(reltol = 1e-16, maxit = 2000))
    start <- fit$par
  }
  start - solve(hessian(minus, start), grad(minus, start))
}

for (set in c("monthly", "continuous", "late_weighted_clustered", "strata", "cause_absent")) {
  data <- people[people$set == set, ]
  is_weighted <- set == "late_weighted_clustered"
  if (!is_weighted) data$weight <- 1
  data$event <- data$cause == "self_support"
  data$arm <- factor(data$arm, c("comparison", "programme"))
  cuts <- unique(quantile(data$time[data$event], c(0.25, 0.5, 0.75)))
  long <- survSplit(Surv(entry, time, event) ~ ., data, cut = cuts, episode = "piece")
  long$spent <- long$time - long$entry
  fit <- glm(event ~ arm + age + score + factor(piece) + offset(log(spent)), poisson, long,
             weights = weight, control = glm.control(epsilon = 1e-17, maxit = 60))
  error <- if (is_weighted) robust(fit, long$cluster) else sqrt(diag(vcov(fit)))
  names(error) <- names(coef(fit))
  keep(set, "piecewise", shown, coef(fit)[shown], error[shown])

  inner <- unique(quantile(data$time[data$event], c(1 / 3, 2 / 3)))
  knots <- log(c(min(data$time[data$event]), inner, max(data$time[data$event])))
  k <- length(knots)
  spline <- function(z, derivative = FALSE) {
    lambda <- (knots[k] - knots[-c(1, k)]) / (knots[k] - knots[1])
    plus <- function(a) if (derivative) 3 * pmax(z - a, 0)^2 else pmax(z - a, 0)^3
    curves <- sapply(seq_along(lambda), function(j) {
      plus(knots[j + 1]) - lambda[j] * plus(knots[1]) - (1 - lambda[j]) * plus(knots[k])
    })
    if (derivative) cbind(0, 1, curves) else cbind(1, z, curves)
  }
  x <- model.matrix(~ arm + age + score, data)[, -1]
  centre <- colMeans(x); spread <- apply(x, 2, sd)
  scaled <- scale(x, centre, spread)
  at <- cbind(spline(log(data$time)), scaled)
  slope <- spline(log(data$time), TRUE)
  late <- data$entry > 0
  before <- if (any(late)) cbind(spline(log(data$entry[late])), scaled[late, ]) else NULL
  minus <- function(p) {
    eta <- as.vector(at %*% p)
    rise <- as.vector(slope %*% p[seq_len(k)])
    if (any(rise <= 0)) return(1e10)
    value <- sum(data$weight * (data$event * (log(rise) - log(data$time) + eta) - exp(eta)))
    if (any(late)) value <- value + sum(data$weight[late] * exp(before %*% p))
    -value
  }
  start <- c(log(mean(data$event) / mean(data$time)), 1, rep(0, k - 2), 0, 0, 0)
  p <- maximised(minus, start)
  variance <- solve(hessian(minus, p))
  if (is_weighted) {
    one <- function(i) {
      grad(function(p) {
        eta <- sum(at[i, ] * p); rise <- sum(slope[i, ] * p[seq_len(k)])
        value <- data$event[i] * (log(rise) + eta) - exp(eta)
        if (late[i]) value <- value + exp(sum(before[sum(late[1:i]), ] * p))
        data$weight[i] * value
      }, p)
    }
    sums <- rowsum(t(sapply(seq_len(nrow(data)), one)), data$cluster)
    variance <- variance %*% crossprod(sums) %*% variance
  }
  some <- k + 1:3
  keep(set, "spline", shown, p[some] / spread, sqrt(diag(variance))[some] / spread)
  keep(set, "spline_log_likelihood", "", -minus(p))
}

# Two of five are made to stay to month 60, so that a share who never exit can be told.
data <- people[people$set == "continuous", ]
data$event <- data$cause == "self_support"
stays <- seq_len(nrow(data)) %% 5 < 2
data$event[stays] <- FALSE
data$time[stays] <- 60
data$entry <- 0
for (set in c("cure", "cure_late")) {
  if (set == "cure_late") data$entry <- ifelse(seq_len(nrow(data)) %% 3 == 0, data$time / 2, 0)
  left <- function(p, t) plogis(p[1]) + plogis(-p[1]) * exp(-(t / exp(p[2]))^exp(p[3]))
  minus <- function(p) {
    t <- data$time
    density <- plogis(-p[1]) * exp(p[3]) / t * (t / exp(p[2]))^exp(p[3]) *
      exp(-(t / exp(p[2]))^exp(p[3]))
    -sum(ifelse(data$event, log(density), log(left(p, t)))) +
      sum(log(left(p, data$entry[data$entry > 0])))
  }
  p <- maximised(minus, c(0, 2.5, 0))
  keep("continuous", set, c("logit(never)", "log(scale)", "log(shape)"), p,
       sqrt(diag(solve(hessian(minus, p)))))
}

table <- do.call(rbind, out)
table$estimate <- sprintf("%.15g", table$estimate)
table$std_error <- ifelse(is.na(table$std_error), "NA", sprintf("%.15g", table$std_error))
write.csv(table, "flexible.csv", row.names = FALSE, quote = FALSE)
