# Questionnaires about working together: alpha, omega, weighted kappa, clustered means and slopes,
# a turning point, sites, a correlation. Run in this folder: Rscript collaboration.R
# Packages: psych 2.2.9, vcd 1.4-11, sandwich 3.0-2, metafor 3.8-1.
suppressPackageStartupMessages({library(psych); library(sandwich); library(metafor)})
set.seed(61)
n <- 90
base <- rnorm(n)
answer <- function(loading) {
  latent <- loading * base + sqrt(1 - loading^2) * rnorm(n)
  1 + (latent > -1.3) + (latent > -0.5) + (latent > 0.3) + (latent > 1.1)
}
items <- sapply(c(0.8, 0.7, 0.75, 0.5, 0.6, 0.3), answer)
colnames(items) <- sprintf("item_%02d", 1:6)
d <- data.frame(who = sprintf("r%02d", 1:n), package = sample(sprintf("p%02d", 1:12), n, TRUE),
                year = sample(2021:2024, n, TRUE), items)
d$quality <- round(runif(n, 20, 95), 1)
d$outcome <- round(0.02 * (d$quality - 55)^2 + rnorm(n, 0, 6), 3)
write.csv(d, "collaboration_data.csv", row.names = FALSE, quote = FALSE)
out <- list()
keep <- function(what, item, value) out[[length(out) + 1]] <<- data.frame(what, item, value)

a <- suppressWarnings(alpha(as.data.frame(items)))
keep("alpha", "", a$total$raw_alpha)
keep("alpha_low", "", a$feldt$lower.ci[[1]]); keep("alpha_high", "", a$feldt$upper.ci[[1]])
f <- fa(items, nfactors = 1, fm = "minres")
l <- as.numeric(f$loadings)
for (i in 1:6) keep("loading", colnames(items)[i], l[i])
keep("omega", "", sum(l)^2 / (sum(l)^2 + sum(1 - l^2)))
for (i in 1:6) keep("item_rest", colnames(items)[i], a$item.stats$r.drop[i])

points <- 100 * (items - 1) / 4
index <- rowMeans(points)
m <- lm(index ~ 1)
keep("mean", "index", coef(m)[[1]])
keep("mean_se", "index", sqrt(vcovCL(m, d$package, type = "HC1")[1, 1]))
keep("mean_se_person", "index", sd(index) / sqrt(n))
s <- lm(index ~ year, data = d)
keep("slope", "index", coef(s)[[2]])
keep("slope_se", "index", sqrt(vcovCL(s, d$package, type = "HC1")[2, 2]))
keep("slope_se_person", "index", sqrt(vcovHC(s, type = "HC1")[2, 2]))

tables <- list(t1 = matrix(c(12, 5, 2, 4, 20, 6, 1, 3, 17), 3, byrow = TRUE),
               t2 = matrix(c(30, 1, 2, 3), 2, byrow = TRUE),
               t3 = matrix(c(8, 3, 1, 0, 2, 11, 4, 1, 0, 5, 9, 3, 1, 0, 2, 14), 4, byrow = TRUE))
for (name in names(tables)) {
  t <- tables[[name]]; k <- nrow(t); i <- row(t); j <- col(t)
  ways <- list(kappa = diag(k), kappa_linear = 1 - abs(i - j) / (k - 1),
               kappa_quadratic = 1 - (i - j)^2 / (k - 1)^2)
  for (way in names(ways)) {
    r <- cohen.kappa(t, w = ways[[way]], n.obs = sum(t))
    keep(way, name, if (way == "kappa") r$kappa else r$weighted.kappa)
    # psych takes the weights over the wrong margin for the error of a weighted kappa; vcd does not.
    keep(paste0(way, "_se"), name, vcd::Kappa(t, weights = ways[[way]])$Weighted[["ASE"]])
    keep(paste0(way, "_se_psych"), name, sqrt(if (way == "kappa") r$var.kappa else r$var.weighted))
  }
}

x <- c(12, 30, 7, 22, 15, 3); size <- c(40, 60, 35, 90, 31, 28)
r <- rma(xi = x, ni = size, measure = "PLO", method = "REML", test = "knha",
         control = list(threshold = 1e-13, maxiter = 1000))
p <- predict(r, transf = transf.ilogit)
keep("sites", "mean", p$pred); keep("sites", "low", p$ci.lb); keep("sites", "high", p$ci.ub)
keep("sites", "new_low", p$pi.lb); keep("sites", "new_high", p$pi.ub)
keep("sites", "tau2", r$tau2); keep("sites", "i2", r$I2); keep("sites", "q", r$QE)

q <- lm(outcome ~ quality + I(quality^2), data = d)
v <- vcovHC(q, type = "HC1"); b <- coef(q)
at <- c(30, 80)
g <- cbind(0, 1, 2 * at)
keep("dose_slope", "30", (g %*% b)[1]); keep("dose_slope", "80", (g %*% b)[2])
keep("dose_se", "30", sqrt(diag(g %*% v %*% t(g)))[1])
keep("dose_se", "80", sqrt(diag(g %*% v %*% t(g)))[2])
t <- qt(0.975, n - 3)
A <- 4 * (b[3]^2 - t^2 * v[3, 3]); B <- 4 * (b[2] * b[3] - t^2 * v[2, 3])
C <- b[2]^2 - t^2 * v[2, 2]
keep("turn", "point", -b[[2]] / (2 * b[[3]]))
keep("turn", "low", (-B - sqrt(B^2 - 4 * A * C)) / (2 * A))
keep("turn", "high", (-B + sqrt(B^2 - 4 * A * C)) / (2 * A))

total <- c(88, 95, 71, 102, 110, 64, 93); share <- c(0.30, 0.38, 0.21, 0.35, 0.46, 0.25, 0.28)
c1 <- cor.test(total, share); m1 <- summary(lm(share ~ total))
keep("fidelity", "r", c1$estimate[[1]]); keep("fidelity", "r_low", c1$conf.int[1])
keep("fidelity", "r_high", c1$conf.int[2])
keep("fidelity", "slope", m1$coefficients[2, 1]); keep("fidelity", "slope_se", m1$coefficients[2, 2])
write.csv(format(do.call(rbind, out), digits = 16), "collaboration.csv", row.names = FALSE,
          quote = FALSE)
